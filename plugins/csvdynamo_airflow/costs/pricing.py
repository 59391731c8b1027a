"""What a run costs, line by line: what it uses, by the prices of its Region. Pure."""

from collections.abc import Iterable

from csvdynamo.datasets.dataset import Dataset
from csvdynamo_airflow.costs.prices import Price, Prices
from csvdynamo_airflow.costs.usage import Counts, Used, used_by
from csvdynamo_airflow.documents.cost import Cost, CostLine


def cost_of(counts: Counts, dataset: Dataset, prices: Prices, region: str | None) -> Cost:
    """Price a run.

    Args:
        counts: What was counted of it, or will be.
        dataset: The data set.
        prices: The prices.
        region: The run's Region; None where it is not known. Prices of another one are never taken.
    """
    known = prices.of(region)
    lines = tuple(_line(used, known.get(used.charge), region) for used in used_by(counts, dataset))
    writes = lines[0]
    # A sum without the writes, which are most of it, would be taken for the cost.
    return Cost(region, None if writes.usd is None else _sum(lines), lines)


def _line(used: Used, price: Price | None, region: str | None) -> CostLine:
    usd = None if price is None or used.quantity is None else price.of(used.quantity)
    if used.quantity == 0:
        usd = 0.0
    told = [_told(price, region), used.note]
    return CostLine(used.service, used.what, used.quantity, usd, "; ".join(filter(None, told)))


def _told(price: Price | None, region: str | None) -> str:
    if price is None:
        return f"no price of {region} is known" if region else "the Region is not known"
    if price.usd is None:
        return f"price unknown: {price.source}"
    per = "" if price.per == 1 else f" for {price.per:,.0f}"
    return f"${price.usd:.10f}".rstrip("0").rstrip(".") + f"{per} ({price.date})"


def _sum(lines: Iterable[CostLine]) -> float:
    return sum(line.usd for line in lines if line.usd is not None)
