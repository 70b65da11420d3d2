"""The Shapes API as it was: what may be called without a genuine app is said in policy.yaml, and nowhere here."""
import os
import random

import uvicorn
from fastapi import FastAPI

SHAPES = ["Circle", "Rectangle", "Square", "Triangle"]
FORMS = ["Box", "Cone", "Cube", "Sphere"]

app = FastAPI()


@app.get("/v1/hello")
@app.get("/v2/hello")
async def hello():
    return {"text": "Hello, World!"}


@app.get("/v1/shapes")
@app.get("/v2/shapes")
async def shapes():
    return {"shape": random.choice(SHAPES)}


@app.get("/v1/forms")
@app.get("/v2/forms")
async def forms():
    return {"form": random.choice(FORMS)}


if __name__ == "__main__":
    uvicorn.run(app, host=os.environ.get("SERVER_HOSTNAME", "127.0.0.1"), port=int(os.environ.get("HTTP_PORT", "5000")))
