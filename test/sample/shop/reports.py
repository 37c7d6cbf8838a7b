"""Monthly report: `python -m shop.reports`."""

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import create_engine, text

THREADS = 32

engine = create_engine("postgresql+psycopg://shop@db/shop")


def totals(branches: range) -> list[int]:
    with ThreadPoolExecutor(max_workers=THREADS) as pool:
        return list(pool.map(total, branches))


def total(branch: int) -> int:
    query = text("select sum(amount) from sales where branch = :branch")
    with engine.connect() as connection:
        return connection.execute(query, {"branch": branch}).scalar_one()


if __name__ == "__main__":
    print(sum(totals(range(1, 500))))
