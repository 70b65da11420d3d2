"""FastAPI with the check of the vendor's quickstart: an HTTP middleware."""
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from check import is_genuine

app = FastAPI()


@app.middleware("http")
async def check(request: Request, call_next):
    if not is_genuine(request.headers.get("Approov-Token")):
        return JSONResponse({}, status_code=401)
    return await call_next(request)


@app.get("/")
async def hello():
    return {"message": "Hello, World!"}
