"""Guided images through the gateway, from Python.

usage: PYTHONPATH=<generated code> python client.py GATEWAY NET GNET OUTDIR [SEEDS]
  GATEWAY  host:port; NET, GNET  models as the gateway names them, or paths of weights; SEEDS  e.g. 0-3
"""
import json
import pathlib
import sys

import grpc
from tandem.v1 import gateway_service_pb2 as gateway
from tandem.v1 import gateway_service_pb2_grpc as gateway_grpc
from tandem.v1 import generation_pb2 as generation
from tandem.v1 import guidance_pb2 as guidance
from tandem.v1 import sampling_pb2 as sampling

address, net, gnet, outdir, *rest = sys.argv[1:]
first, _, last = (rest[0] if rest else "0-3").partition("-")
spec = generation.GenerationSpec(
    sampling=sampling.SamplingSpec(
        model=net,
        guidance=[guidance.GuidanceTerm(model=gnet, weight=2.0)],
        schedule=sampling.NoiseSchedule(num_steps=8),
    ),
    seeds=[generation.SeedRange(first=int(first), last=int(last or first))],
)
channel = grpc.insecure_channel(address, options=[("grpc.max_receive_message_length", 64 << 20)])
for response in gateway_grpc.GatewayServiceStub(channel).Generate(gateway.GenerateRequest(spec=spec), timeout=120):
    event = response.WhichOneof("event")
    if event == "plan":
        print(json.dumps({"servers": list(response.plan.servers), "images": response.plan.num_images}), flush=True)
    elif event == "image":
        path = pathlib.Path(outdir) / f"{response.image.info.seed:06d}.png"
        path.write_bytes(response.image.data)
        print(json.dumps({"path": str(path)}), flush=True)
    elif event == "done":
        print(json.dumps({"done": response.done.num_images}), flush=True)
