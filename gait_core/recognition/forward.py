"""Runs a compiled network: `CompiledForward`; and recognises when memory ran out: `is_out_of_memory`.

What differs between the backends of Keras is here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.learn.backend import active_backend, load_keras
from gait_core.recognition.networks.layers import frames_run_by

__all__ = ["FRAMES_AT_ONCE", "CompiledForward", "is_out_of_memory"]

FRAMES_AT_ONCE: Final = 32
"""Frames that per-frame layers process at a time on a CPU: enough for its speed, and little memory."""
_SIGNS: Final = ("RESOURCE_EXHAUSTED", "OOM when allocating", "out of memory")


class CompiledForward:
    """Runs a network outside training. TensorFlow compiles it once for every shape, JAX once for each shape.

    Later changes of the weights are seen.

    Parameters
    ----------
    network : keras.Model
    outputs : tuple of str
        Which outputs are needed; what only others need is not computed.
    frames_at_once : int
        How many frames the layers take at a time that look at each frame by itself; 0 gives them all frames. The
        numbers that come out are the same.
    retrace : bool
        Compile each shape for itself with TensorFlow too: the usual way, to compare with.
    """

    def __init__(
        self, network: Any, outputs: tuple[str, ...], *, frames_at_once: int = 0, retrace: bool = False
    ) -> None:
        self.traces = 0
        """How many times it was compiled."""
        self.any_shape = active_backend() == "tensorflow" and not retrace
        """Whether a new shape costs no compilation."""
        self._frames_at_once = frames_at_once
        self._network, self._outputs = network, outputs
        self._to_numpy = load_keras().ops.convert_to_numpy
        self._run: Callable[[Any, Any], dict[str, Any]] = {
            "tensorflow": self._tensorflow,
            "jax": self._jax,
        }.get(active_backend(), lambda: self._forward)()

    def __call__(self, frames: NDArray[np.float32], valid: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """Return the outputs of a batch, by name.

        Parameters
        ----------
        frames : ndarray, shape (batch, frames, height, width, channels)
        valid : ndarray, shape (batch, frames)
        """
        return {name: np.asarray(self._to_numpy(value)) for name, value in self._run(frames, valid).items()}

    def _forward(self, frames: Any, valid: Any) -> dict[str, Any]:
        self.traces += 1
        with frames_run_by(self._in_chunks if self._frames_at_once else None):
            found = self._network({"frames": frames, "valid": valid}, training=False)
        return {name: found[name] for name in self._outputs}

    def _in_chunks(self, layers: Callable[[Any], Any], x: Any) -> Any:
        """Return what layers of single frames make of frames, a few frames at a time."""
        if x.shape[0] is not None and x.shape[0] <= self._frames_at_once:
            return layers(x)
        ops = load_keras().ops
        count, *shape = ops.shape(x)  # the count is a tensor where any shape may come
        chunks = -(-count // self._frames_at_once)
        size = -(-count // chunks)
        # Chunks of equal size, so that next to nothing is computed in vain.
        missing = ops.zeros((chunks * size - count, *shape), x.dtype)
        found = _one_by_one(layers, ops.reshape(ops.concatenate([x, missing]), (chunks, size, *shape)))
        return ops.reshape(found, (chunks * size, *found.shape[2:]))[:count]

    def _tensorflow(self) -> Callable[[Any, Any], dict[str, Any]]:
        import tensorflow as tf

        # On a CPU the network is as fast for any shape as for one that it was compiled for, and gives the same numbers.
        frame = self._network.settings.frame_shape
        any_shape = [tf.TensorSpec((None, None, *frame), tf.float32), tf.TensorSpec((None, None), tf.float32)]
        compiled = tf.function(
            self._forward, input_signature=any_shape if self.any_shape else None, reduce_retracing=False
        )

        def run(frames: Any, valid: Any) -> dict[str, Any]:
            found: dict[str, Any] = compiled(tf.constant(frames), tf.constant(valid))
            return found

        return run

    def _jax(self) -> Callable[[Any, Any], dict[str, Any]]:
        import jax

        network = self._network

        def forward(trainable: Any, other: Any, frames: Any, valid: Any) -> dict[str, Any]:
            self.traces += 1
            inputs = {"frames": frames, "valid": valid}
            with frames_run_by(self._in_chunks if self._frames_at_once else None):
                found, _ = network.stateless_call(trainable, other, inputs, training=False)
            return {name: found[name] for name in self._outputs}

        compiled = jax.jit(forward)

        def run(frames: Any, valid: Any) -> dict[str, Any]:
            trainable = [variable.value for variable in network.trainable_variables]
            other = [variable.value for variable in network.non_trainable_variables]
            found: dict[str, Any] = compiled(trainable, other, frames, valid)
            return found

        return run


def _one_by_one(layers: Callable[[Any], Any], chunks: Any) -> Any:
    """Return what layers make of each chunk, one behind the other: side by side they would need all their memory."""
    if active_backend() != "tensorflow":
        return load_keras().ops.map(layers, chunks)
    import tensorflow as tf

    return tf.map_fn(layers, chunks, parallel_iterations=1)


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error of any backend says that memory ran out.

    Returns
    -------
    bool
        True for a `MemoryError`, for TensorFlow's ``ResourceExhaustedError``, and for a `RuntimeError` whose message
        says so.
    """
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in _SIGNS)
