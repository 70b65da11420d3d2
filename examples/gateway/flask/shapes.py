"""The Shapes API as it was: what may be called without a genuine app is said in policy.yaml, and nowhere here."""
import os
import random

from flask import Flask, jsonify

SHAPES = ["Circle", "Rectangle", "Square", "Triangle"]
FORMS = ["Box", "Cone", "Cube", "Sphere"]

app = Flask(__name__)


@app.get("/v1/hello")
@app.get("/v2/hello")
def hello():
    return jsonify(text="Hello, World!")


@app.get("/v1/shapes")
@app.get("/v2/shapes")
def shapes():
    shape = random.choice(SHAPES)
    return jsonify(shape=shape)


@app.get("/v1/forms")
@app.get("/v2/forms")
def forms():
    form = random.choice(FORMS)
    return jsonify(form=form)


if __name__ == "__main__":
    app.run(host=os.environ.get("SERVER_HOSTNAME", "127.0.0.1"), port=int(os.environ.get("HTTP_PORT", "5000")))
