"""Seconds, bytes and counts as people say them."""


def in_seconds(seconds):
    """A time in words, to two figures or so: ``2 min 10 s``.

    Parameters
    ----------
    seconds : float

    Returns
    -------
    str
    """
    if seconds < 1:
        return "1 s"
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes, seconds = divmod(round(seconds, -1), 60)
    if minutes < 10:
        return f"{minutes:.0f} min {seconds:.0f} s" if seconds else f"{minutes:.0f} min"
    if minutes < 100:
        return f"{minutes:.0f} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 10:
        return f"{hours:.0f} h {minutes:.0f} min"
    return f"{hours:.0f} h"


def in_bytes(n_bytes):
    """A size in words: ``3.2 MB``.

    Parameters
    ----------
    n_bytes : float

    Returns
    -------
    str
    """
    for unit in ("bytes", "kB", "MB", "GB"):
        if n_bytes < 999.5 or unit == "GB":
            break
        n_bytes /= 1000
    digits = 0 if unit == "bytes" or n_bytes >= 9.95 else 1
    return f"{n_bytes:,.{digits}f} {unit}"
