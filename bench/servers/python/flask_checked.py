"""Flask with the check of the vendor's quickstart: before each request."""
from flask import Flask, jsonify, make_response, request

from check import is_genuine

app = Flask(__name__)


@app.before_request
def check():
    if not is_genuine(request.headers.get("Approov-Token")):
        return make_response({}, 401)


@app.get("/")
def hello():
    return jsonify(message="Hello, World!")
