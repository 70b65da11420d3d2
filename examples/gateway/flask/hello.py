"""The API as it was: nothing in it knows of attestation."""
import os

from flask import Flask, jsonify

app = Flask(__name__)


@app.get("/")
def hello():
    return jsonify(message="Hello, World!")


if __name__ == "__main__":
    app.run(host=os.environ.get("SERVER_HOSTNAME", "127.0.0.1"), port=int(os.environ.get("HTTP_PORT", "5000")))
