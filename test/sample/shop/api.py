"""Routes of the shop. Every `async def` here shares one event loop."""

import asyncio
import time

from fastapi import FastAPI

from .orders import notify
from .prices import price_of
from .stock import levels
from .thumbnails import thumbnail

app = FastAPI()


@app.get("/prices/{sku}")
async def price(sku: str) -> dict[str, float]:
    return {"price": price_of(sku)}


@app.get("/offers/{sku}")
async def offer(sku: str) -> dict[str, float]:
    return {"price": await asyncio.to_thread(price_of, sku)}


@app.post("/orders/{order_id}")
async def order(order_id: int) -> dict[str, str]:
    asyncio.create_task(notify(order_id))
    return {"status": "accepted"}


@app.delete("/orders/{order_id}")
async def cancel(order_id: int) -> dict[str, str]:
    notify(-order_id)
    return {"status": "cancelled"}


@app.get("/stock")
async def stock() -> dict[str, int]:
    return await levels()


@app.post("/thumbnails")
async def make_thumbnail(path: str) -> str:
    return await thumbnail(path)


@app.get("/ready")
async def ready() -> dict[str, bool]:
    time.sleep(0.5)
    return {"ready": True}
