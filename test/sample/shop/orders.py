"""Orders wait here for the mailer."""

import asyncio

outbox: asyncio.Queue[int] = asyncio.Queue(maxsize=1000)


async def notify(order_id: int) -> None:
    await outbox.put(order_id)
