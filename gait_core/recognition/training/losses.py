"""What recognition networks learn from: `triplet_loss` on the embedding, `identity_loss` on the classifier.

References
----------
Hermans, A., Beyer, L., Leibe, B. (2017). In defense of the triplet loss for person re-identification. arXiv:1703.07737
(the batch-all form, averaged over the terms that are not zero).
Szegedy, C. et al. (2016). Rethinking the inception architecture for computer vision. CVPR (label smoothing).
Fan, C. et al. (2023). OpenGait: revisiting gait recognition toward better practicality. CVPR (sum of the two by part).
"""

from __future__ import annotations

from typing import Any, Final

from gait_core.learn.backend import load_keras
from gait_core.recognition.networks.settings import PART_FEATURES

__all__ = ["RecognitionLoss", "identity_loss", "part_distances", "triplet_loss"]

_FEW: Final = 1e-9


class RecognitionLoss:
    """The sum of both losses, in the form in which Keras calls a loss.

    Parameters
    ----------
    margin : float
        See `triplet_loss`.
    logit_scale, label_smoothing : float
        See `identity_loss`.
    """

    def __init__(self, *, margin: float, logit_scale: float, label_smoothing: float) -> None:
        self._margin, self._scale, self._smoothing = margin, logit_scale, label_smoothing

    def __call__(self, labels: Any, outputs: Any) -> Any:
        """Return the loss of a batch as one number.

        Parameters
        ----------
        labels : tensor, shape (batch,)
            Number of each person.
        outputs : tensor, shape (batch, features + classes, parts)
            From `gait_core.recognition.training.clip_model.clip_model`.
        """
        parts, logits = outputs[:, :PART_FEATURES], outputs[:, PART_FEATURES:]
        triplets = triplet_loss(labels, parts, self._margin)
        return triplets + identity_loss(labels, logits, self._scale, self._smoothing)


def triplet_loss(labels: Any, parts: Any, margin: float = 0.2) -> Any:
    """Return by how much walks of one person are not closer to each other than to those of others.

    Every triplet of an anchor, a walk of the same person (the anchor itself included) and a walk of another person
    counts. For each part the mean is taken over the triplets that violate the margin, then over the parts.

    Parameters
    ----------
    labels : tensor, shape (batch,)
    parts : tensor, shape (batch, features, parts)
        Embedding, not normalised.
    margin : float
        By how much another person has to be further away.

    Returns
    -------
    tensor, scalar
        0 where no triplet violates the margin.

    Notes
    -----
    Needs memory for batch³ · parts numbers: 17 MB for 64 walks in 16 parts, 134 MB for 128.
    """
    ops = load_keras().ops
    distances = part_distances(parts)
    same = ops.equal(labels[:, None], labels[None, :])
    triplet = ops.logical_and(same[:, :, None], ops.logical_not(same)[:, None, :])
    violation = ops.relu(distances[:, :, :, None] - distances[:, :, None, :] + margin)
    violation = violation * ops.cast(triplet, violation.dtype)[None]
    total = ops.sum(violation, axis=(1, 2, 3))
    count = ops.sum(ops.cast(violation > 0.0, violation.dtype), axis=(1, 2, 3))
    return ops.mean(total / (count + _FEW))


def part_distances(parts: Any) -> Any:
    """Return the Euclidean distances within a batch, part by part.

    Parameters
    ----------
    parts : tensor, shape (batch, features, parts)

    Returns
    -------
    tensor, shape (parts, batch, batch)
        Exactly 0, with a gradient of 0, between a walk and itself.
    """
    ops = load_keras().ops
    by_part = ops.transpose(ops.cast(parts, "float32"), (2, 0, 1))
    lengths = ops.sum(ops.square(by_part), axis=-1)
    squares = lengths[:, :, None] + lengths[:, None, :] - 2.0 * ops.matmul(by_part, ops.transpose(by_part, (0, 2, 1)))
    other = 1.0 - ops.eye(ops.shape(by_part)[1], dtype=squares.dtype)
    squares = squares * other[None]
    positive = squares > 0.0
    # The root has no gradient at zero, so zeros must not reach it.
    roots = ops.sqrt(ops.where(positive, squares, ops.ones_like(squares)))
    return ops.where(positive, roots, ops.zeros_like(roots))


def identity_loss(labels: Any, logits: Any, scale: float = 16.0, smoothing: float = 0.1) -> Any:
    """Return the cross-entropy of the classifier, as a mean over parts and walks.

    Parameters
    ----------
    labels : tensor, shape (batch,)
        From 0. A walk of a person whom the classifier does not know, whose number is as large as there are classes or
        larger, does not count.
    logits : tensor, shape (batch, classes, parts)
        Likeness to each person, from -1 to 1.
    scale : float
        By which they are multiplied: from -1 to 1 alone, no person could ever be probable.
    smoothing : float
        Share of the target that is spread over all people.

    Returns
    -------
    tensor, scalar
        0 where no walk counts.
    """
    ops = load_keras().ops
    classes = logits.shape[1]
    numbers = ops.cast(labels, "int32")
    target = ops.one_hot(numbers, classes, dtype="float32") * (1.0 - smoothing) + smoothing / classes
    by_person = ops.log_softmax(scale * ops.cast(logits, "float32"), axis=1)
    by_walk = -ops.mean(ops.sum(target[:, :, None] * by_person, axis=1), axis=-1)
    known = ops.cast(numbers < classes, "float32")
    return ops.sum(by_walk * known) / ops.maximum(ops.sum(known), 1.0)
