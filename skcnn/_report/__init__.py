"""A search as one HTML file: :func:`skcnn.report`.

writing.py   what users call: checks, collects, fills in the template, writes the file
sections.py  the sections in their order, and why one is left out
study.py     what was given, asked and found: data, candidates, effects, sharing
network.py   the best network: how it looks and errs
curves.py    how networks learned
tables.py    tables of texts
pictures.py  displays as images inside a page
rerun.py     code and versions with which to do it again
report.html  the template; report.css how it looks on a screen, a phone and paper
"""

from skcnn._report.writing import report

__all__ = ["report"]
