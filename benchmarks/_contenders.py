"""The same network three times: bare scikeras and plain Keras as users paste them, and
ConvPoolClassifier.

Keras is imported inside the functions: nobody pays for the start of a contender that
does not run.
"""

_ROUTE = "model__"


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
    """Bare scikeras; `parameters` as :func:`scikeras_names` gives them."""
    from scikeras.wrappers import KerasClassifier

    return KerasClassifier(
        model=create_model, verbose=0, random_state=random_state, **parameters
    )


def scikeras_names(parameters):
    """ConvPoolClassifier's names of parameters, or of a grid, as scikeras routes them."""
    routed = ("conv_layers", "dense_layers", "dropout")
    return {
        f"{_ROUTE if name in routed else ''}{name}": value
        for name, value in parameters.items()
    }


def plain_names(parameters):
    """The way back from :func:`scikeras_names`; ConvPoolClassifier's own names stay."""
    return {name.removeprefix(_ROUTE): value for name, value in parameters.items()}


def fit_scikeras(images, labels, network, seed):
    """One fit and predict of one epoch; images as floats."""
    classifier = scikeras_classifier(seed, epochs=1, **scikeras_names(network))
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
