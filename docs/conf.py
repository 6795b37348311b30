"""How Sphinx builds the documentation: `make docs`. It needs no network."""

import inspect
import os
import subprocess
import sys
from pathlib import Path

# As the gallery's examples want it, before TensorFlow starts.
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")

# The example with halving is linked to its class, which is not there before this
# import. `sphinx_gallery_parallel = False` in it has it read in this process.
from sklearn.experimental import enable_halving_search_cv  # noqa: F401

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
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "**/sg_execution_times.rst", "sg_execution_times.rst"]
suppress_warnings = [
    "config.cache",  # of the gallery's settings
    "toc.not_included",  # the tables of results, to which their page leads
]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
templates_path = ["_templates"]

# The reference ---------------------------------------------------------------------

autosummary_generate = True
numpydoc_show_class_members = False  # each method has its own entry below its class
autodoc_default_options = {"members": True, "inherited-members": True}
toc_object_entries_show_parents = "hide"


def leave_to_others(app, what, name, value, skip, options):
    """Leave out what a class inherits from other packages: their text is not about us.

    Fields of a named tuple go too: the class describes them as parameters.
    """
    if isinstance(value, property):
        value = value.fget
    value = inspect.unwrap(getattr(value, "__func__", value))
    module = getattr(value, "__module__", None) or ""
    return skip or not (callable(value) and module.startswith("skcnn"))


# The names of other packages that we refer to, and their pages. These files are stored
# here, so that the build is the same without a network.
intersphinx_mapping = {
    "sklearn": ("https://scikit-learn.org/stable/", "inventories/sklearn.inv"),
}

# The gallery -----------------------------------------------------------------------

# In the order of reading.
EXAMPLES = [
    "plot_grid_search",
    "plot_image_folder",
    "plot_width_or_depth",
    "plot_is_it_real",
    "plot_epochs_for_free",
    "plot_kill_and_go_on",
    "plot_cluster",
    "plot_augmentation",
    "plot_overfitting",
    "plot_learning_rate",
    "plot_parallel_branches",
    "plot_unequal_classes",
    "plot_batch_norm",
    "plot_parameter_budget",
    "plot_search_strategies",
    "plot_what_it_sees",
    "plot_ship_it",
    # The course labs.
    "lab_1_convolution",
    "lab_2_learning_rate",
    "lab_3_regularization",
    "lab_4_width_depth_branches",
    "lab_5_grid_search",
]


class ReadingOrder:
    """Sorts the examples; Sphinx-Gallery makes one for their folder."""

    def __init__(self, folder):
        self.folder = folder

    def __call__(self, file_name):
        return EXAMPLES.index(file_name.removesuffix(".py"))


def forget_work(gallery_conf, file_name):
    """Let each example train its own epochs, so that what it counts is true."""
    skcnn.clear_cache()


sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"/(plot|lab)_",
    "ignore_pattern": r"reproduce_|study\.py",  # docs/reproductions.md has the studies
    "within_subsection_order": ReadingOrder,
    "reset_modules": ("matplotlib", forget_work),
    "parallel": 2,  # examples side by side, each on one thread
    "capture_repr": (),  # figures and what is printed, no "<... object at 0x...>"
    "backreferences_dir": "generated/backreferences",
    "doc_module": ("skcnn",),
    "download_all_examples": False,
    "remove_config_comments": True,
    "show_memory": False,
    "write_computation_times": False,
    "abort_on_example_error": True,
}

# The sample of a report -------------------------------------------------------------

SAMPLE = Path(__file__).parent / "sample_report.py"


def write_sample_report(app):
    """Before the pages are read, because one of them links to it."""
    subprocess.run([sys.executable, SAMPLE], check=True)


# How it looks ----------------------------------------------------------------------

html_theme = "pydata_sphinx_theme"
html_title = f"skcnn {version}"
html_logo = html_favicon = "_static/logo.svg"
html_static_path = ["_static"]
html_css_files = ["skcnn.css"]
html_show_sourcelink = False
html_sidebars = {  # pages that stand alone have nothing to list beside them
    page: [] for page in ("index", "results/README", "search")
}
html_theme_options = {
    "logo": {"text": f"skcnn {version}"},
    "show_prev_next": False,
    "secondary_sidebar_items": ["page-toc"],
    "header_links_before_dropdown": 7,
    "navigation_with_keys": False,
    "footer_start": ["copyright"],
    "footer_end": ["sphinx-version"],
}
copybutton_exclude = ".linenos, .gp, .go"  # neither prompts nor output


def setup(app):
    app.connect("builder-inited", write_sample_report)
    app.connect("autodoc-skip-member", leave_to_others)
