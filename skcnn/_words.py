"""Names that people bring from other packages, and what to write for them here.

Whoever asks for an unknown parameter or method gets the right name with the error. The
tables below know the names of Keras, scikit-learn, scikeras, skorch, KerasTuner and
PyTorch. For a slip of the pen the nearest name is found.
"""

import re
from difflib import get_close_matches
from typing import NamedTuple

# Below these, likeness is chance: max_iter and max_norm are at 0.63. The names from
# elsewhere are many, so one is always rather near: `estimator` and n_estimators are at
# 0.86. These must be nearer.
_NEAR, _VERY_NEAR = 0.77, 0.88


class Word(NamedTuple):
    """What to write for a name that somebody brought.

    Attributes
    ----------
    write : str
        Arguments for the constructor, or else a whole call. It runs as it stands.
    note : str
        What the code does not say by itself.
    """

    write: str
    note: str = ""

    @property
    def keywords(self):
        """Names of the arguments that it writes."""
        return re.findall(r"(\w+)=", self.write)

    def __str__(self):
        sentences = []
        if self.write:
            sentences.append(f"Write {self.write}.")
        if self.note:
            sentences.append(self.note)
        return " ".join(sentences)


def nearest_name(name, names):
    """A sentence that points to the name that was meant; empty if none is near."""
    near = get_close_matches(name, names, n=1, cutoff=_NEAR)
    if not near:
        return ""
    return f" Did you mean {near[0]!r}?"


def hint(name, names, words):
    """A sentence that says what to write for an unknown name, if that is known.

    Parameters
    ----------
    name : str
        What was asked for.
    names : list of str
        What there is.
    words : dict of str to Word
        Names that people bring.

    Returns
    -------
    str
        Begins with a space, unless it is empty.
    """
    # Behind a prefix stands a name for another part: model__dropout, fit__epochs.
    head, separator, rest = name.partition("__")
    if separator and head and rest and name not in words:
        return _hint_without_prefix(head, rest, names, words)
    both = dict.fromkeys([*words, *names])
    near = get_close_matches(name.lower(), both, n=1, cutoff=_VERY_NEAR)
    if near and near[0] in words and near[0] not in names:
        return f" {words[near[0]]}"
    return nearest_name(name.lower(), names)


def _hint_without_prefix(head, rest, names, words):
    """What to write for model__dropout, fit__epochs and the like."""
    if rest in names:
        return f" Write {rest}, without {head}__."
    for name in (rest, head):
        if name in words:
            return f" {words[name]}"
    return nearest_name(head.lower(), names)


def _table(*entries):
    """A dict from lines of names, what to write for them, and perhaps a note."""
    table = {}
    for names, *sentence in entries:
        for name in names.split():
            table[name] = Word(*sentence)
    return table


# Options that the classifier has for all blocks and a block has for itself, if both are
# written alike.
_OPTIONS = (
    (
        "batch_normalization batch_normalisation batchnorm use_batch_norm "
        "use_batchnorm bn",
        "batch_norm=True",
    ),
    ("pooling_type pool_type pool_mode", "pooling='avg'"),
    ("padding_mode pad", "padding='valid'"),
    (
        "activation_function activation_fn act nonlinearity hidden_activation",
        "activation='relu'",
    ),
    ("kernel_constraint maxnorm max_norm_value constraint", "max_norm=3.0"),
)

_CONVOLUTIONS = "conv_layers=[(32, 3), (64, 3)]"
_BLOCK = "Each tuple is a block: (filters, kernel_size, pool_size, pool_stride)."
_NO_MODEL = (
    "The network is made from conv_layers and dense_layers; scikeras' KerasClassifier "
    "takes a Keras model of your own."
)

# For the constructor, set_params and grids.
PARAMETER_WORDS = _table(
    # Learning rate and optimizer
    (
        "learning_rate lr learning_rate_init eta eta0 step_size init_lr "
        "initial_learning_rate",
        "optimizer__learning_rate=0.01",
        "How the rate changes is learning_rate_schedule.",
    ),
    (
        "lr_schedule lr_scheduler scheduler schedule lr_decay power_t",
        "learning_rate_schedule='cosine'",
        "Other values are 'one_cycle' and 'inverse_time'.",
    ),
    (
        "decay decay_rate learning_rate_decay",
        "learning_rate_schedule='inverse_time', learning_rate_schedule__decay=1e-4",
    ),
    ("solver optim optimizer_class optimizer_type", "optimizer='adam'"),
    (
        "momentum",
        "optimizer='sgd', optimizer__momentum=0.9",
    ),
    (
        "nesterov nesterovs_momentum",
        "optimizer='sgd', optimizer__momentum=0.9, optimizer__nesterov=True",
    ),
    ("beta_1 beta1", "optimizer__beta_1=0.9"),
    ("beta_2 beta2", "optimizer__beta_2=0.999"),
    ("betas", "optimizer__beta_1=0.9, optimizer__beta_2=0.999"),
    ("epsilon eps", "optimizer__epsilon=1e-7"),
    ("amsgrad", "optimizer__amsgrad=True"),
    ("clipnorm clip_norm gradient_clip_norm", "optimizer__clipnorm=1.0"),
    ("clipvalue clip_value gradient_clip_value", "optimizer__clipvalue=0.5"),
    (
        "criterion loss_function loss_fn loss_func objective",
        "loss='categorical_crossentropy'",
    ),
    (
        "label_smoothing smoothing",
        "loss='categorical_crossentropy', loss__label_smoothing=0.1",
    ),
    (
        "class_weights weight weights loss_weights",
        "class_weight='balanced'",
        "A dict of weights by label is taken as well.",
    ),
    # How long, and when to stop
    (
        "max_iter max_epochs n_epochs num_epochs nb_epoch nb_epochs n_iter num_iter "
        "iterations "
        "num_train_epochs",
        "epochs=10",
    ),
    ("batchsize batch minibatch_size bs", "batch_size=128"),
    (
        "patience early_stopping_rounds early_stopping_patience",
        "early_stopping=True, n_iter_no_change=5",
    ),
    ("min_delta", "early_stopping=True, tol=1e-4"),
    (
        "restore_best_weights monitor use_best_model",
        "early_stopping=True",
        "It watches the accuracy, and the best epoch predicts.",
    ),
    (
        "validation_split val_split val_size validation_size train_split valid_split",
        "early_stopping=True, validation_fraction=0.1",
    ),
    (
        "validation_data eval_set val_data",
        "clf.fit(X, y, validation_data=(X_val, y_val))",
        "It is an argument of fit.",
    ),
    (
        "sample_weight sample_weights",
        "clf.fit(X, y, sample_weight=weights)",
        "It is an argument of fit.",
    ),
    # Architecture
    *_OPTIONS,
    (
        "hidden_layer_sizes hidden_units units dense_units hidden_layers n_hidden "
        "hidden_size "
        "hidden_dim hidden dense n_units num_units fc_layers n_dense n_dense_layers "
        "dense_layer_sizes",
        "dense_layers=(100, 50)",
        "These are the units of each dense layer.",
    ),
    (
        "filters n_filters num_filters kernel_size kernel_sizes kernel pool_size "
        "pool strides "
        "stride pool_stride conv_filters channels out_channels blocks layers "
        "architecture ConvBlock "
        "conv conv_blocks conv_layer_sizes",
        _CONVOLUTIONS,
        _BLOCK,
    ),
    (
        "n_layers num_layers depth n_conv_layers num_conv_layers n_blocks "
        "num_blocks n_conv",
        "conv_layers=3 * [(32, 3)]",
        "There are as many blocks as conv_layers has entries.",
    ),
    ("n_convs num_convs convs", "convs_per_block=1"),
    ("branches num_branches", "n_branches=2"),
    (
        "dropout_rate drop_rate dropout_prob p_dropout rate conv_dropout",
        "dropout=0.5",
        "It ends each block that pools; dense layers have dense_dropout.",
    ),
    ("dense_dropout_rate fc_dropout head_dropout", "dense_dropout=0.5"),
    (
        "alpha weight_decay l2 l2_reg l2_regularization reg regularization "
        "reg_lambda lambda_ C",
        "kernel_regularizer=1e-4",
        "It is an L2 penalty; decoupled decay is optimizer__weight_decay=1e-4.",
    ),
    ("global_pooling global_pool top", "head='global_avg'"),
    (
        "input_shape input_size img_shape img_size image_size input_dim shape",
        "image_shape=(28, 28, 1)",
        "It is needed for tables only.",
    ),
    (
        "data_augmentation augment augmentations transform transforms",
        "augmentation='flip+shift'",
    ),
    # The rest of a fit
    ("seed random_seed rng rand_state", "random_state=0"),
    ("cache_dir checkpoint_dir cache", "memory='runs'"),
    ("callback", "callbacks=[]"),
    ("warmstart initial_epoch", "warm_start=True"),
    (
        "n_jobs jobs num_workers workers",
        "GridSearchCV(clf, grid, n_jobs=2)",
        "A single fit uses TensorFlow's own threads.",
    ),
    ("cv folds n_splits", "GridSearchCV(clf, grid, cv=5)"),
    (
        "metrics metric weighted_metrics scoring",
        "GridSearchCV(clf, grid, scoring='f1_macro')",
        "history_ has loss and accuracy in any case.",
    ),
    (
        "n_classes num_classes classes n_outputs",
        "",
        "fit counts the classes in y; partial_fit(X, y, classes=[0, 1, 2]) takes them.",
    ),
    ("shuffle", "", "Training images come in a new order each epoch; leave it out."),
    ("device use_gpu gpu", "", "TensorFlow chooses the device; leave it out."),
    (
        "n_features n_features_in in_channels",
        "",
        "fit takes it from X; leave it out.",
    ),
    (
        "model build_fn module net network estimator",
        _CONVOLUTIONS,
        _NO_MODEL,
    ),
)

_ITS_MODEL = "model_ is the trained keras.Model, a copy of its own."

# For attributes and methods.
METHOD_WORDS = _table(
    ("evaluate test_on_batch evaluate_generator", "clf.score(X, y)"),
    ("summary", "print(clf.architecture_)", "After fit."),
    ("count_params n_params", "clf.n_params_", "After fit."),
    (
        "compile",
        "clf.set_params(optimizer='adam', loss='categorical_crossentropy')",
        "fit compiles the network.",
    ),
    ("fit_generator", "clf.fit(X, y)"),
    ("train_on_batch", "clf.partial_fit(X, y)", "It trains for one epoch."),
    ("predict_classes predict_on_batch predict_generator", "clf.predict(X)"),
    ("forward", "clf.predict_proba(X)"),
    ("history", "clf.history_", "After fit."),
    ("loss_curve_ train_loss_", "clf.history_['loss']"),
    ("validation_scores_", "clf.history_['val_accuracy']", "With validation data."),
    ("model module_ network", "clf.model_", _ITS_MODEL),
    ("layers", "clf.model_.layers", _ITS_MODEL),
    ("weights coefs_", "clf.model_.weights", _ITS_MODEL),
    ("get_weights", "clf.model_.get_weights()", _ITS_MODEL),
    ("get_layer", "clf.model_.get_layer(index=0)", _ITS_MODEL),
    ("save save_model", "joblib.dump(clf, 'clf.joblib')", _ITS_MODEL),
    ("load load_model load_weights", "clf = joblib.load('clf.joblib')"),
    ("save_weights", "clf.model_.save_weights('clf.weights.h5')", _ITS_MODEL),
    ("export", "clf.model_.export('folder')", _ITS_MODEL),
    ("to_json", "clf.model_.to_json()", _ITS_MODEL),
)

_STRIDE = "It is the stride of the pooling window; convolutions have stride 1."
_EVERY_BLOCK = "It is a parameter of the classifier, for all blocks alike."

# For ConvBlock and dicts of its fields; `write` holds fields.
BLOCK_WORDS = _table(
    *_OPTIONS,
    (
        "n_filters num_filters nb_filters filter channels out_channels units features",
        "filters=32",
    ),
    ("kernel kernels kernel_sizes filter_size size kernel_shape", "kernel_size=3"),
    ("strides stride pool_strides pooling_stride", "pool_stride=2", _STRIDE),
    ("pool pooling_size pool_window pool_shape", "pool_size=2"),
    ("convs num_convs n_layers convs_per_block repeats repeat depth", "n_convs=2"),
    ("rate dropout_rate drop_rate p", "dropout=0.25"),
    (
        "kernel_regularizer l2 weight_decay alpha",
        "ConvPoolClassifier(kernel_regularizer=1e-4)",
        _EVERY_BLOCK,
    ),
    (
        "input_shape image_shape",
        "ConvPoolClassifier(image_shape=(28, 28, 1))",
        "It is needed for tables only.",
    ),
)

_SMOOTHING = (
    "label_smoothing smoothing",
    "loss='categorical_crossentropy', loss__label_smoothing=0.1",
)

# Behind optimizer__ and loss__.
ROUTED_WORDS = {
    "optimizer": _table(
        (
            "lr eta eta0 learning_rate_init init_lr step_size rate",
            "optimizer__learning_rate=0.01",
        ),
        (
            "decay lr_decay decay_rate learning_rate_decay",
            "learning_rate_schedule='inverse_time', learning_rate_schedule__decay=1e-4",
        ),
        (
            "schedule scheduler lr_schedule lr_scheduler learning_rate_schedule",
            "learning_rate_schedule='cosine'",
        ),
        ("momentum", "optimizer='sgd', optimizer__momentum=0.9"),
        (
            "nesterov nesterovs_momentum",
            "optimizer='sgd', optimizer__momentum=0.9, optimizer__nesterov=True",
        ),
        ("eps", "optimizer__epsilon=1e-7"),
        ("betas", "optimizer__beta_1=0.9, optimizer__beta_2=0.999"),
        ("beta1", "optimizer__beta_1=0.9"),
        ("beta2", "optimizer__beta_2=0.999"),
        ("alpha l2 wd weight_decay_rate", "optimizer__weight_decay=1e-4"),
        ("clip_norm clip max_grad_norm", "optimizer__clipnorm=1.0"),
        ("clip_value", "optimizer__clipvalue=0.5"),
    ),
    "loss": _table(
        _SMOOTHING,
        ("weight weights class_weight class_weights", "class_weight='balanced'"),
    ),
}
