"""What there is to tell, in lines of text."""

from math import isfinite

from skcnn._value_labels import brief

SEPARATOR = " | "


def live_line(facts, width=None):
    """The line that is shown while a search runs.

    Parameters
    ----------
    facts : skcnn._progress.tally.Facts
    width : int, default=None
        Number of characters that it may have. The less important parts give way, and
        what is left is cut. None for no limit.

    Returns
    -------
    str
    """
    best = best_so_far(facts)
    named = ": ".join(filter(None, [best, ", ".join(facts.candidate.values())]))
    done, epochs = done_of_all(facts), epochs_so_far(facts)
    ways = [  # from the most to say to the least
        [done, elapsed_and_left(facts), epochs, named],
        [done, elapsed_and_left(facts), epochs, best],
        [done, elapsed_and_left(facts), best],
        [done, left(facts), best],
        [done, left(facts)],
        [done],
    ]
    lines = [SEPARATOR.join(filter(None, parts)) for parts in ways]
    if width is None:
        return lines[0]
    without_name = len(lines[1])
    if without_name + 4 <= width:  # room for a part of the name, at least
        return cut(lines[0], width)
    return next((line for line in lines[1:] if len(line) <= width), cut(done, width))


def start_line(name, facts):
    """What a log begins with.

    Parameters
    ----------
    name : str
        Of what is fitted.
    facts : skcnn._progress.tally.Facts

    Returns
    -------
    str
    """
    work = (
        amount(facts.n_asked, "epoch") if facts.n_asked else amount(facts.n_fits, "fit")
    )
    return f"{name}: {work} to do"


def end_line(name, facts):
    """What stays when all is done.

    Parameters
    ----------
    name : str
    facts : skcnn._progress.tally.Facts

    Returns
    -------
    str
    """
    epochs = amount(facts.trained + facts.known, "epoch")
    saved = f", {facts.trained} trained and {facts.known} saved" if facts.known else ""
    in_time = f"in {duration(facts.elapsed)}"
    if facts.n_asked:
        return f"{name}: {epochs} {in_time}{saved}"
    if not facts.n_fits:  # of something that tells nothing of itself
        return f"{name}: done {in_time}"
    text = f"{name}: {amount(facts.n_done, 'fit')} {in_time}"
    text += f", of which {facts.n_failed} failed" if facts.n_failed else ""
    text += f"; {epochs}{saved}" if facts.trained + facts.known else ""
    return text + best_of_all("best score", facts)


def stop_line(name, facts, reason):
    """What stays of a search that did not come to its end.

    Parameters
    ----------
    name : str
    facts : skcnn._progress.tally.Facts
    reason : str

    Returns
    -------
    str
    """
    if facts.n_asked:
        done = f"{facts.trained + facts.known} of {amount(facts.n_asked, 'epoch')}"
    else:
        done = f"{facts.n_done} of {amount(facts.n_fits, 'fit')}"
    text = f"{name}: stopped by {reason} after {done}, {duration(facts.elapsed)}"
    return text + best_of_all("best score so far", facts)


def best_of_all(what, facts):
    """The best mean score, if there is one, and the candidate with its parameters."""
    if facts.best is None:
        return ""
    named = ", ".join(f"{name} {value}" for name, value in facts.candidate.items())
    return f"; {what} {score(facts.best)}" + (f" with {named}" if named else "")


def done_of_all(facts):
    """Fits, or the epochs of the only one."""
    if facts.n_asked:
        return f"{facts.trained + facts.known}/{amount(facts.n_asked, 'epoch')}"
    if not facts.n_fits:  # nothing has begun yet
        return ""
    return f"{facts.n_done}/{amount(facts.n_fits, 'fit')}"


def elapsed_and_left(facts):
    """Both durations."""
    return ", ".join(filter(None, [duration(facts.elapsed), left(facts)]))


def left(facts):
    """The time left, if it is known."""
    return "" if facts.left is None else f"{duration(facts.left)} left"


def epochs_so_far(facts):
    """Those trained, and those that other fits or memory saved."""
    if facts.known:
        return f"{amount(facts.trained, 'epoch')} + {facts.known} saved"
    if not facts.trained or facts.n_asked:  # of a single fit, all has been said
        return ""
    return amount(facts.trained, "epoch")


def best_so_far(facts):
    """The best mean score, if there is one."""
    return "" if facts.best is None else f"best {score(facts.best)}"


def score(value):
    """A score in four digits after the point."""
    return f"{value:.4f}"


def amount(number, noun):
    """A number with its noun."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def duration(seconds):
    """A duration as a clock shows it.

    Parameters
    ----------
    seconds : float

    Returns
    -------
    str
        Such as ``"0:05"``, ``"12:05"``, ``"1:02:05"`` or ``"3 d 02:05:09"``.
    """
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


def cut(text, width):
    """A text that is not longer than a width."""
    return text if len(text) <= width else text[: max(0, width - 3)] + "..."[:width]


def in_short(params, names):
    """Values of some parameters as short texts.

    Parameters
    ----------
    params : dict
    names : tuple of str
        Those that are not among `params` are left out.

    Returns
    -------
    dict of str to str
    """
    texts = {name: brief(params[name]) for name in names if name in params}
    return {name: " ".join(text.split()) for name, text in texts.items()}
