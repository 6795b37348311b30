"""One command for a folder of images: ``python -m skcnn``.

arguments.py  what can be typed, and how it is explained
budget.py     how many of them the time is enough for
study.py      the folder of a study: settings, states, model, report
images.py     the images, divided; too few are refused
search.py     ``python -m skcnn search``
predict.py    ``python -m skcnn predict``

It has nothing that the Python interface has not: each step is a call that you can make
yourself.
"""
