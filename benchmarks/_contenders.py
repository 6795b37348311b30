"""The same network four times: bare scikeras, plain Keras and skorch as users paste
them, and ConvPoolClassifier.

Keras and PyTorch are imported inside the functions: nobody pays for the start of a
contender that does not run.
"""

import numpy as np

# Where a library has another name for a parameter of ConvPoolClassifier.
_NETWORK = ("conv_layers", "dense_layers", "dropout")
_OTHER_NAMES = {
    "scikeras": {name: f"model__{name}" for name in _NETWORK},
    "skorch": {name: f"module__{name}" for name in _NETWORK} | {"epochs": "max_epochs"},
}


def names_of(library, parameters):
    """ConvPoolClassifier's names of parameters, or of a grid, as a library has them."""
    other = _OTHER_NAMES.get(library, {})
    return {other.get(name, name): value for name, value in parameters.items()}


def plain_names(parameters):
    """The way back from :func:`names_of`, of any library."""
    plain = {}
    for names in _OTHER_NAMES.values():
        plain |= {other: name for name, other in names.items()}
    return {plain.get(name, name): value for name, value in parameters.items()}


def as_floats(images):
    """Pixels / 255 as float32: what users hand to Keras."""
    return images.astype(np.float32) / 255


def as_torch_floats(images):
    """The same with channels first, as PyTorch has images."""
    return np.ascontiguousarray(as_floats(images).transpose(0, 3, 1, 2))


def create_model(conv_layers, dense_layers, dropout, meta):
    """Study S0's build function. `meta` is scikeras' way to hand over the shapes of the
    data.
    """
    from keras import Input, Sequential
    from keras.layers import Conv2D, Dense, Dropout, Flatten, MaxPooling2D

    model = Sequential()
    model.add(Input(meta["X_shape_"][1:]))
    for filters, kernel_size, pool_size, pool_stride in conv_layers:
        model.add(Conv2D(filters, kernel_size, padding="same", activation="relu"))
        model.add(Conv2D(filters, kernel_size, padding="same", activation="relu"))
        model.add(MaxPooling2D(pool_size, pool_stride))
        model.add(Dropout(dropout))
    model.add(Flatten())
    for units in dense_layers:
        model.add(Dense(units, activation="relu"))
    model.add(Dense(meta["n_classes_"], activation="softmax"))
    model.compile(
        optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model


def scikeras_classifier(random_state=0, **parameters):
    """Bare scikeras; `parameters` as :func:`names_of` gives them."""
    from scikeras.wrappers import KerasClassifier

    return KerasClassifier(
        model=create_model, verbose=0, random_state=random_state, **parameters
    )


def skorch_classifier(image_shape, random_state=0, **parameters):
    """Bare skorch; `parameters` as :func:`names_of` gives them.

    PyTorch takes as many threads as it finds cores, and one in each of joblib's two
    workers: as users have it who set nothing.
    """
    from _torch_network import network_parameters
    from skorch import NeuralNetClassifier

    return NeuralNetClassifier(
        **network_parameters(),
        module__image_shape=image_shape,
        module__n_classes=10,
        module__seed=random_state,
        **parameters,
    )


def fit_scikeras(images, labels, network, seed):
    """One fit and predict of one epoch; images as floats."""
    parameters = names_of("scikeras", network | {"epochs": 1})
    classifier = scikeras_classifier(seed, **parameters)
    return classifier.fit(images, labels).predict(images)


def fit_skorch(images, labels, network, seed):
    """The same with skorch; images as floats, channels first."""
    n_channels, height, width = images.shape[1:]
    parameters = names_of("skorch", network | {"epochs": 1})
    classifier = skorch_classifier((height, width, n_channels), seed, **parameters)
    return classifier.fit(images, labels).predict(images)


def fit_keras(images, labels, network, seed):
    """The same without scikit-learn's interface."""
    import keras

    keras.utils.set_random_seed(seed)
    network = dict(network)
    batch_size = network.pop("batch_size")
    model = create_model(**network, meta={"X_shape_": images.shape, "n_classes_": 10})
    model.fit(images, labels, epochs=1, batch_size=batch_size, verbose=0)
    return model.predict(images, batch_size=batch_size, verbose=0).argmax(axis=1)


def fit_skcnn(images, labels, network, seed):
    """The same with ConvPoolClassifier; images as uint8."""
    from skcnn import ConvPoolClassifier

    return (
        ConvPoolClassifier(**network, epochs=1, random_state=seed)
        .fit(images, labels)
        .predict(images)
    )
