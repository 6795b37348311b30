"""What there is to tell, and the lines of text that tell it."""

from dataclasses import dataclass
from math import isfinite

from skcnn._value_labels import brief


@dataclass(frozen=True)
class Facts:
    """What there is to tell at one moment."""

    n_fits: int
    n_done: int
    n_failed: int
    n_asked: int | None  # epochs of the fit, if there is only one
    trained: int  # epochs so far
    known: int
    best: float | None  # mean score
    candidate: dict  # whose score that is: its values as texts
    elapsed: float  # seconds
    left: float | None  # seconds; None as long as nothing is known of it


def live_line(facts, width=None):
    """The line of a running search.

    In few columns, the less important parts give way. What is left is cut.
    """
    done, elapsed, left = _done_of_all(facts), duration(facts.elapsed), _left(facts)
    times = ", ".join(filter(None, [elapsed, left]))
    best = "" if facts.best is None else f"best {facts.best:.4f}"
    named = ": ".join(filter(None, [best, ", ".join(facts.candidate.values())]))
    epochs = _epochs_so_far(facts)
    ways = [  # from the most to say to the least
        [done, times, epochs, named],
        [done, times, epochs, best],
        [done, times, best],
        [done, left, best],
        [done, left],
        [done],
    ]
    lines = [" | ".join(filter(None, parts)) for parts in ways]
    if width is None:
        return lines[0]
    if len(lines[1]) + 4 <= width:  # there is room for a part of the name, at least
        return _cut(lines[0], width)
    return next((line for line in lines[1:] if len(line) <= width), _cut(done, width))


def start_line(name, facts):
    """What a log begins with."""
    return f"{name}: {_work(facts)} to do"


def end_line(name, facts):
    """What stays when all is done."""
    n_epochs = facts.trained + facts.known
    epochs = _amount(n_epochs, "epoch")
    saved = f", {facts.trained} trained and {facts.known} saved" if facts.known else ""
    took = f"in {duration(facts.elapsed)}"
    if facts.n_asked:
        return f"{name}: {epochs} {took}{saved}"
    if not facts.n_fits:  # of something that tells nothing of itself
        return f"{name}: done {took}"
    text = f"{name}: {_amount(facts.n_done, 'fit')} {took}"
    if facts.n_failed:
        text += f", of which {facts.n_failed} failed"
    if n_epochs:
        text += f"; {epochs}{saved}"
    return text + _best("best score", facts)


def stop_line(name, facts, reason):
    """What stays of a search that did not come to its end."""
    n_done = facts.trained + facts.known if facts.n_asked else facts.n_done
    done = f"after {n_done} of {_work(facts)}, {duration(facts.elapsed)}"
    return f"{name}: stopped by {reason} {done}{_best('best score so far', facts)}"


def _best(what, facts):
    if facts.best is None:
        return ""
    named = ", ".join(f"{name} {value}" for name, value in facts.candidate.items())
    return f"; {what} {facts.best:.4f}" + (f" with {named}" if named else "")


def _work(facts):
    """Fits, or the epochs of the only one."""
    if facts.n_asked:
        return _amount(facts.n_asked, "epoch")
    return _amount(facts.n_fits, "fit")


def _done_of_all(facts):
    if facts.n_asked:
        return f"{facts.trained + facts.known}/{_work(facts)}"
    return f"{facts.n_done}/{_work(facts)}"


def _left(facts):
    return "" if facts.left is None else f"{duration(facts.left)} left"


def _epochs_so_far(facts):
    """Those trained, and those that other fits or memory saved."""
    trained = _amount(facts.trained, "epoch")
    if facts.known:
        return f"{trained} + {facts.known} saved"
    # Of a single fit, all has been said.
    return trained if facts.trained and not facts.n_asked else ""


def _amount(number, noun):
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _cut(text, width):
    return text if len(text) <= width else text[: max(0, width - 3)] + "..."[:width]


def duration(seconds):
    """A duration as ``"0:05"``, ``"12:05"``, ``"1:02:05"`` or ``"3 d 02:05:09"``."""
    if not isfinite(seconds):
        return "?"
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours:02}:{minutes:02}:{seconds:02}"
    if hours:
        return f"{hours}:{minutes:02}:{seconds:02}"
    return f"{minutes}:{seconds:02}"


def in_short(params, names):
    """Short texts for some parameters; names that are not among them are left out."""
    texts = {name: brief(params[name]) for name in names if name in params}
    return {name: " ".join(text.split()) for name, text in texts.items()}
