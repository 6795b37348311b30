"""How Sphinx builds the documentation: `make docs`."""

import os

os.environ.setdefault(
    "TF_NUM_INTRAOP_THREADS", "1"
)  # as the examples of the gallery want it, before TensorFlow starts

import skcnn

project = "skcnn"
author = "the skcnn developers"
version = release = skcnn.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.intersphinx",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "sg_execution_times.rst"]
suppress_warnings = [
    "config.cache",  # of the gallery's settings
    "toc.not_included",  # the tables of results, to which their page leads
]
myst_heading_anchors = 3

autosummary_generate = True
numpydoc_show_class_members = False  # each method has its own entry below its class
autodoc_default_options = {
    "members": True,
    "inherited-members": "BaseWrapper",
}  # nothing of scikeras alone

intersphinx_mapping = {
    "python": ("https://docs.python.org/3", None),
    "sklearn": ("https://scikit-learn.org/stable", None),
    "numpy": ("https://numpy.org/doc/stable", None),
    "matplotlib": ("https://matplotlib.org/stable", None),
}

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": "/plot_",  # the studies take hours, and are shown without being run
    "ignore_pattern": r"study\.py",
    "within_subsection_order": "FileNameSortKey",
    "download_all_examples": False,
    "remove_config_comments": True,
    "show_memory": False,
    "abort_on_example_error": True,
}

html_theme = "pydata_sphinx_theme"
html_title = "skcnn"
html_show_sourcelink = False
html_theme_options = {"show_prev_next": False, "secondary_sidebar_items": ["page-toc"]}
