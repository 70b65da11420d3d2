"""The API as it was: nothing in it knows of attestation."""
import os

import uvicorn
from fastapi import FastAPI

app = FastAPI()


@app.get("/")
async def hello():
    return {"message": "Hello, World!"}


if __name__ == "__main__":
    uvicorn.run(app, host=os.environ.get("SERVER_HOSTNAME", "127.0.0.1"), port=int(os.environ.get("HTTP_PORT", "5000")))
