"""One epoch of LSTM(32) and a dense layer a line read; answers with the seconds it took. Started by bench/keras.ts."""

import json
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf

windows, steps, inputs, units, outputs, batch = json.loads(sys.argv[1])
tf.keras.utils.set_random_seed(1)
x = np.random.default_rng(1).standard_normal((windows, steps, inputs), dtype=np.float32)
y = np.repeat(x[:, -7:, 0].mean(axis=1, keepdims=True), outputs, axis=1)
model = tf.keras.Sequential(
    [tf.keras.Input((steps, inputs)), tf.keras.layers.LSTM(units), tf.keras.layers.Dense(outputs)]
)
model.compile(optimizer=tf.keras.optimizers.Adam(1e-3), loss="mse")
model.fit(x, y, batch_size=batch, epochs=1, verbose=0)  # traces the graph
print("ready", flush=True)
for _ in sys.stdin:
    start = time.perf_counter()
    loss = model.fit(x, y, batch_size=batch, epochs=1, verbose=0).history["loss"][-1]
    print(json.dumps({"seconds": time.perf_counter() - start, "loss": float(loss)}), flush=True)
