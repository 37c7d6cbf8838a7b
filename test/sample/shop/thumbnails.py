"""Thumbnails of uploaded pictures."""

import asyncio
from concurrent.futures import ProcessPoolExecutor

from PIL import Image


async def thumbnail(path: str) -> str:
    loop = asyncio.get_running_loop()
    pool = ProcessPoolExecutor(max_workers=2)
    try:
        return await loop.run_in_executor(pool, shrink, path)
    finally:
        pool.shutdown(wait=False)


def shrink(path: str) -> str:
    target = f"{path}.thumbnail.png"
    with Image.open(path) as picture:
        picture.resize((160, 160)).save(target)
    return target
