"""Prices as the supplier gives them."""

import requests

SUPPLIER = "https://supplier.example/prices"


def price_of(sku: str) -> float:
    return float(_entry(sku)["price"])


def _entry(sku: str) -> dict[str, str]:
    response = requests.get(f"{SUPPLIER}/{sku}")
    response.raise_for_status()
    return response.json()
