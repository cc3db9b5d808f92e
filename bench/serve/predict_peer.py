"""FastAPI and uvicorn with LSTM networks of given sizes in Keras. Started by bench/serve/predict-peer.ts; says its port on a line."""

import json
import os
import socket
import sys
import time
from typing import Annotated

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field

lookback, step_width, lead_width, leads, units, hidden, networks = json.loads(sys.argv[1])
tf.keras.utils.set_random_seed(1)


def network() -> tf.keras.Model:
    window = tf.keras.Input((lookback, step_width))
    ahead = tf.keras.Input((leads, lead_width))
    state = tf.keras.layers.RepeatVector(leads)(tf.keras.layers.LSTM(units)(window))
    inner = tf.keras.layers.Dense(hidden, activation="tanh")(tf.keras.layers.Concatenate()([state, ahead]))
    return tf.keras.Model([window, ahead], tf.keras.layers.Dense(1)(inner))


models = [network() for _ in range(networks)]


def direct(window, ahead):
    return sum(model([window, ahead], training=False) for model in models) / networks


traced = tf.function(direct)


def timed(call) -> float:
    window = tf.zeros((1, lookback, step_width))
    ahead = tf.zeros((1, leads, lead_width))
    for _ in range(10):
        call(window, ahead).numpy()
    start = time.perf_counter()
    for _ in range(50):
        call(window, ahead).numpy()
    return time.perf_counter() - start


call, called = (
    (traced, "tf.function") if timed(traced) < timed(direct) else (direct, "model(x, training=False)")
)


class Row(BaseModel):
    model_config = ConfigDict(extra="forbid")
    tract: str
    time: str
    values: Annotated[list[Annotated[float, Field(ge=0, le=1e10)] | None], Field(min_length=14, max_length=1100)]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")
    rows: Annotated[list[Row], Field(min_length=1, max_length=1000)]


app = FastAPI()


@app.post("/predict")
async def predict(body: Body):
    count = len(body.rows)
    window = np.zeros((count, lookback, step_width), np.float32)
    ahead = np.zeros((count, leads, lead_width), np.float32)
    base = np.zeros((count, 1), np.float32)
    for index, row in enumerate(body.rows):
        # Only the series itself: calendar, growth and the other inputs of ours are left out, in favour of this side.
        values = np.log1p(np.nan_to_num(np.array(row.values, np.float32)))[-lookback:]
        window[index, -len(values) :, 0] = values
        base[index] = values[-1]
    out = np.expm1(base + call(tf.constant(window), tf.constant(ahead)).numpy()[:, :, 0])
    return {"predictions": [{"outputs": {"point": row.tolist()}} for row in out]}


listener = socket.socket()
listener.bind(("127.0.0.1", 0))
print(json.dumps({"port": listener.getsockname()[1], "called": called}), flush=True)
config = uvicorn.Config(app, log_level="error", access_log=False, loop="uvloop", http="httptools")
uvicorn.Server(config).run(sockets=[listener])
