"""Model cards as text."""

import textwrap
from collections.abc import Iterable, Iterator

from glacier_core.models.card import Accuracy, ModelCard
from glacier_core.models.listing import ModelSummary

WIDTH = 96
NAME_WIDTH = 20


def models_table(models: Iterable[ModelSummary]) -> str:
    """Return one line a model: name, title, architecture, parameters, inputs, size, licence, place.

    Parameters
    ----------
    models : iterable of ModelSummary
    """
    head = ("ID", "TITLE", "ARCHITECTURE", "PARAMETERS", "INPUTS", "MB", "LICENCE", "WHERE")
    rows = [head, *(_row(model) for model in models)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def card_text(model: ModelSummary) -> str:
    """Return all that the card of a model says, for a terminal.

    Parameters
    ----------
    model : ModelSummary
    """
    card = model.card
    return "\n".join(
        [
            card.title,
            "=" * len(card.title),
            *_facts(model),
            *_sentences("Trained on", [card.training]),
            *_sentences("Holds", card.holds),
            *_sentences("Fails", card.fails),
            *_sentences("Differs from the published recipe", _deviations(card)),
            *_figures(card.accuracy),
            *_sentences("Confidence", _confidence(card)),
            *_sentences("Pictures", (f"{one.file}: {one.caption}" for one in card.pictures)),
            *_sentences("Made anew by", [card.command] if card.command else []),
        ]
    )


def figure_text(figure: Accuracy) -> str:
    """Return a figure with its interval, ``0.842 (0.801 to 0.869)``."""
    value = f"{figure.value:.3f}"
    if figure.low is not None and figure.high is not None:
        value += f" ({figure.low:.3f} to {figure.high:.3f})"
    return value.replace("-", "−")


def _row(model: ModelSummary) -> tuple[str, ...]:
    card = model.card
    return (
        model.name,
        card.title,
        card.architecture,
        f"{model.parameters:,}",
        ", ".join(card.inputs),
        f"{model.megabytes:.1f}",
        card.licence,
        str(model.folder),
    )


def _facts(model: ModelSummary) -> Iterator[str]:
    card = model.card
    facts = {
        "id": model.name,
        "architecture": f"{card.architecture}, {model.parameters:,} parameters",
        "inputs": ", ".join(card.inputs),
        "location": card.location or "not used",
        "windows": f"{card.patch_size} x {card.patch_size} pixels",
        "licence": card.licence,
        "seeds": ", ".join(map(str, card.seeds)),
        "weights": f"{model.megabytes:.1f} MB, SHA-256 {card.sha256}",
        "folder": str(model.folder),
    }
    return (f"{name:<{NAME_WIDTH}}{value}" for name, value in facts.items() if value)


def _sentences(title: str, sentences: Iterable[str]) -> Iterator[str]:
    for number, sentence in enumerate(sentences):
        if number == 0:
            yield f"\n{title}"
        yield textwrap.fill(
            sentence, WIDTH, initial_indent="  - ", subsequent_indent="    ", break_on_hyphens=False
        )


def _deviations(card: ModelCard) -> Iterator[str]:
    return (f"{one.change} Because: {one.reason}" for one in card.deviations)


def _figures(figures: Iterable[Accuracy]) -> Iterator[str]:
    dataset = ""
    for figure in figures:
        if figure.dataset != dataset:
            dataset = figure.dataset
            kind = "simulated" if figure.simulated else "observed"
            yield f"\nMeasured on {dataset} ({kind})"
        yield f"  {figure_text(figure):<28}{figure.metric}"
    for told in dict.fromkeys(figure.interval for figure in figures if figure.interval):
        yield f"  In brackets: {told}."


def _confidence(card: ModelCard) -> Iterator[str]:
    if card.calibration is None:
        yield "Not calibrated."
    elif card.calibration.fitted_on:
        yield f"Calibrated on {card.calibration.fitted_on}."
    if card.calibration_comparison is not None:
        yield card.calibration_comparison.reason
    if card.reliability is not None:
        yield (
            f"Expected calibration error {card.reliability.calibrated_error:.3f} "
            f"(raw {card.reliability.raw_error:.3f}) on {card.reliability.dataset}."
        )
    if card.typicality is not None:
        yield (
            "Held at 50 % or less where a pixel, or the image around it, is unlike "
            f"{card.typicality.fitted_on or 'its training scenes'}."
        )
