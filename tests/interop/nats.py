#!/usr/bin/env python3
"""Talks with REM over a server of NATS, by the client of NATS for Python and the `cloudevents` SDK.

usage: nats.py URL

Says `{"ready": true}` when it hears, then each event that comes as the SDK reads it, or `{"refused": …}`. Told by a message to
`peer.stream`, it reads what the stream of the mesh of that name keeps; told by `peer.publish`, it publishes events of its own, each in
both modes, and one that is none; told by `peer.stop`, it ends.
"""
import asyncio
import base64
import json
import sys
from datetime import datetime, timezone

sys.path = [path for path in sys.path if not path.endswith("tests/interop")]  # this file has the name of the client

import nats  # noqa: E402
from cloudevents.core.bindings.http import HTTPMessage, from_binary, to_binary  # noqa: E402
from cloudevents.core.formats.json import JSONFormat  # noqa: E402
from cloudevents.core.v1.event import CloudEvent  # noqa: E402

FORMAT = JSONFormat()


def told(value):
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value


def read(message):
    headers = {name.lower(): value for name, value in (message.headers or {}).items()}
    structured = headers.get("content-type", "").lower().startswith("application/cloudevents")
    if structured:
        event = FORMAT.read(CloudEvent, message.data)
    else:
        # The binding of NATS has the type of the data among the attributes.
        attributes = {name: value for name, value in headers.items() if name.startswith("ce-")}
        event = from_binary(HTTPMessage(headers=attributes, body=message.data), FORMAT, CloudEvent)
    if structured and not json.loads(message.data).get("id"):
        raise ValueError("missing or empty id")  # which the SDK fills in
    attributes = {name: told(value) for name, value in event.get_attributes().items()}
    data = event.get_data()
    if isinstance(data, (bytes, str)) and "json" in attributes.get("datacontenttype", "json"):
        data = json.loads(data)
    return {"mode": "structured" if structured else "binary", "attributes": attributes, "data": told(data)}


def own(number):
    attributes = {
        "id": f"python-{number}",
        "source": "/peer/python",
        "type": "greeting.said",
        "time": datetime(2026, 5, 17, 8, 30, 0, 123456, tzinfo=timezone.utc),
        "datacontenttype": "application/json",
        "tenant": "t 1 €",
    }
    return CloudEvent(attributes, {"text": f"hello {number} €"})


async def publish(client):
    subject = "rem.main.greeting.said"
    await client.publish(subject, FORMAT.write(own(1)), headers={"Content-Type": "application/cloudevents+json"})
    message = to_binary(own(2), FORMAT)
    headers = {name.lower(): value for name, value in message.headers.items()}
    headers["ce-datacontenttype"] = headers.pop("content-type")
    await client.publish(subject, message.body, headers=headers)
    wrong = json.dumps({"specversion": "1.0", "type": "x", "source": "/peer"}).encode()
    await client.publish(subject, wrong, headers={"Content-Type": "application/cloudevents+json"})
    await client.flush()


async def main(url):
    client = await nats.connect(url)
    stop = asyncio.Event()

    async def order(message):
        try:
            say({"read": read(message)})
        except Exception as error:  # whatever the SDK raises is a finding
            say({"refused": f"{type(error).__name__}: {str(error)[:200]}"})

    async def peer(message):
        if message.subject == "peer.publish":
            await publish(client)
        elif message.subject == "peer.stream":
            mesh = message.data.decode()
            streams = client.jetstream()
            await streams.subscribe(f"rem.{mesh}.>", stream=f"rem_{mesh}", ordered_consumer=True, cb=order)
        else:
            stop.set()

    await client.subscribe("rem.main.order.>", cb=order)
    await client.subscribe("peer.*", cb=peer)
    await client.flush()
    say({"ready": True})
    await stop.wait()
    await client.close()


def say(what):
    print(json.dumps(what), flush=True)


asyncio.run(main(sys.argv[1]))
