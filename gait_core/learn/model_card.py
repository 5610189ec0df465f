"""The model card: what a trained model is, what it learned from, how good it is, and what it must not be used for.

References
----------
Mitchell, M., et al. (2019). Model cards for model reporting. Proceedings of FAT* 2019, 220-229.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from gait_core.learn.abstention import Familiarity
from gait_core.learn.trained_model import TrainedModelFacts

__all__ = ["model_card"]

_NAMES: Final = {
    "balanced_accuracy": "Balanced accuracy",
    "accuracy": "Accuracy",
    "precision": "Precision (mean over classes)",
    "recall": "Recall (mean over classes)",
    "f1": "F1 (mean over classes)",
    "auc": "Area under the ROC curve",
}


def model_card(
    facts: TrainedModelFacts,
    *,
    validation: Mapping[str, Any],
    row_scores: Mapping[str, Any] | None,
    test_scores: Mapping[str, Any] | None,
    familiarity: Familiarity | None,
    notes: Sequence[str] = (),
) -> str:
    """Return the card as Markdown.

    Parameters
    ----------
    facts : TrainedModelFacts
    validation : mapping
        `CrossValidationSettings`.
    row_scores, test_scores : mapping or None
        Figures per row, and on subjects that were kept for testing.
    familiarity : Familiarity or None
    notes : sequence of str
        Of the training.

    Returns
    -------
    str
    """
    made = time.strftime("%Y-%m-%d", time.gmtime(facts.created_s))
    lines = [
        f"# {facts.title}: {', '.join(facts.classes)}",
        "",
        f"Trained on {made} (run `{facts.run}`, classifier `{facts.model}`). Decision support, not a medical device.",
        "",
        "## Data",
        "",
        *_data(facts),
        "",
        "## Validation",
        "",
        *_validation(facts, validation),
    ]
    if facts.scores:
        unit = facts.scores.get("unit", "subject")
        lines += ["", f"### By {unit}", "", *_table(facts.scores["metrics"]), "", *_classes(facts.scores)]
        lines += ["", *_confusion(facts.scores)]
    if row_scores:
        lines += ["", "### By row", "", *_table(row_scores["metrics"])]
    if test_scores:
        lines += ["", "### Subjects kept for testing", "", *_table(test_scores["metrics"])]
    lines += ["", "## Limits", "", *_limits(facts, familiarity)]
    if notes:
        lines += ["", "## Notes", "", *(f"- {note}" for note in notes)]
    lines += ["", "## Settings", "", *(f"- `{name}`: {value}" for name, value in sorted(facts.settings.items()))]
    lines += ["", "## Versions", "", *(f"- {name} {version}" for name, version in sorted(facts.versions.items()))]
    return "\n".join(lines) + "\n"


def _data(facts: TrainedModelFacts) -> list[str]:
    data = facts.dataset
    lines = [
        f"- Dataset: {data.get('name', '')} ({data.get('kind', '')}), digest `{data.get('digest', '')}`.",
        f"- {data.get('rows', 0)} rows of kind {facts.kind}, {facts.n_steps} steps, {len(facts.channels)} channels: "
        f"{', '.join(facts.channels)}.",
    ]
    subjects = data.get("subjects") or {}
    lines += [f"- {name}: {count} subjects." for name, count in subjects.items()]
    covariates = data.get("covariates") or []
    if covariates:
        lines.append(f"- Covariates, reported and not learned from: {', '.join(covariates)}.")
    return lines


def _validation(facts: TrainedModelFacts, validation: Mapping[str, Any]) -> list[str]:
    lines = [
        f"- {validation.get('folds')} folds by subject, stratified by class, repeated {validation.get('seeds')} times "
        f"from seed {validation.get('first_seed')}. No subject is on both sides of a fold.",
        "- When to stop, threshold and temperature were chosen on a part of the training subjects of each fold, never "
        "on the test fold.",
        "- Intervals hold 95 % of 2,000 bootstrap resamples of the subjects.",
    ]
    lines.append(f"- {_final(facts)}")
    decision = facts.decision
    if decision.threshold is not None:
        lines.append(f"- {facts.classes[1]} from a probability of {decision.threshold:.3f}.")
    if decision.temperature != 1.0:
        lines.append(f"- Temperature of the probabilities: {decision.temperature:.3f}.")
    return lines


def _final(facts: TrainedModelFacts) -> str:
    """Return from whom the final model learned, and for how long."""
    if facts.settings.get("schedule") == "plateau":
        return (
            f"The final model learned for {facts.epochs} epochs from all subjects but one part, which lowered the "
            "learning rate and stopped the training."
        )
    if facts.epochs:
        return f"The final model learned from all subjects for {facts.epochs} epochs, the folds' median."
    return "The final model learned from all subjects."


def _table(metrics: Mapping[str, Mapping[str, Any]]) -> list[str]:
    rows = ["| figure | value | 95 % interval |", "|---|---|---|"]
    return rows + [f"| {_NAMES.get(name, name)} | {_value(own)} |" for name, own in metrics.items()]


def _classes(scores: Mapping[str, Any]) -> list[str]:
    rows = ["| class | recall | 95 % interval | precision | 95 % interval |", "|---|---|---|---|---|"]
    return rows + [
        f"| {name} | {_value(own['recall'])} | {_value(own['precision'])} |"
        for name, own in scores["per_class"].items()
    ]


def _confusion(scores: Mapping[str, Any]) -> list[str]:
    classes = scores["classes"]
    rows = [f"| true | {' | '.join(f'predicted {name}' for name in classes)} |", "|---" * (len(classes) + 1) + "|"]
    for name, counts in zip(classes, scores["confusion"], strict=True):
        rows.append(f"| {name} | {' | '.join(map(str, counts))} |")
    return rows


def _value(interval: Mapping[str, Any]) -> str:
    if interval["mean"] is None:
        return "not defined | "
    if interval["ci_low"] is None:
        return f"{interval['mean']:.3f} | "
    return f"{interval['mean']:.3f} | {interval['ci_low']:.3f} to {interval['ci_high']:.3f}"


def _limits(facts: TrainedModelFacts, familiarity: Familiarity | None) -> list[str]:
    lines = [
        "- The figures hold for people, cameras and a way of measuring like those of the data, and for no others.",
        "- The probabilities are those of the mix of classes in the data; elsewhere the mix is another one.",
        f"- It knows {len(facts.classes)} classes and gives one of them whatever it sees.",
    ]
    if facts.dataset.get("kind") == "samples":
        lines.append("- The data were simulated: the figures say that the machinery works, nothing about patients.")
    if familiarity is None:
        lines.append("- There were too few subjects to tell what is unlike the data: it never abstains.")
    else:
        lines.append(
            f"- It abstains where the distance from the data is above {familiarity.limit:.3g}, as for about "
            f"{100 * familiarity.rate:.0f} % of people like those in the data (limit from {familiarity.n_subjects} "
            "subjects)."
        )
    return lines
