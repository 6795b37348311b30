"""Answers what an image shows: python serve.py FOLDER [PORT]

FOLDER is what skcnn.export wrote, with ONNX. Post an image to see the probabilities.
"""

import http.server
import io
import json
import sys

import numpy as np
import onnxruntime
from PIL import Image

folder, port = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 8000
network = onnxruntime.InferenceSession(f"{folder}/model.onnx")
name = network.get_inputs()[0].name
with open(f"{folder}/model.json", encoding="utf8") as file:
    about = json.load(file)
height, width, channels = about["image_shape"]


class Answer(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        posted = self.rfile.read(int(self.headers["Content-Length"]))
        image = Image.open(io.BytesIO(posted)).convert("L" if channels == 1 else "RGB")
        pixels = np.float32(image.resize((width, height)))
        batch = pixels.reshape(1, height, width, channels)
        [[probabilities]] = network.run(None, {name: batch})
        answer = dict(zip(about["classes"], probabilities.tolist(), strict=True))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())


with http.server.HTTPServer(("localhost", port), Answer) as server:
    print(f"http://localhost:{server.server_port}", flush=True)
    server.serve_forever()
