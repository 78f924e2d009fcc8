# Three models of scikit-learn for configs/evaluate/six-models.toml; docs/own-models.md says what is called how.
import argparse
import pickle

import h5py
import numpy as np

arguments = argparse.ArgumentParser()
arguments.add_argument("model", choices=["forest", "gradient", "discriminant"])
arguments.add_argument("--leaf", type=int, default=50)
arguments.add_argument("--shrinkage", type=float, default=0.5)
arguments.add_argument("call", choices=["fit", "predict"])
arguments.add_argument("folder")
a = arguments.parse_args()


def make(seed, threads):
    if a.model == "forest":
        from sklearn.ensemble import RandomForestClassifier
        return RandomForestClassifier(50, min_samples_leaf=a.leaf, n_jobs=threads, random_state=seed)
    if a.model == "gradient":
        from sklearn.ensemble import HistGradientBoostingClassifier
        return HistGradientBoostingClassifier(max_iter=100, min_samples_leaf=a.leaf, early_stopping=False,
                                              random_state=seed)
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    return LinearDiscriminantAnalysis(solver="lsqr", shrinkage=a.shrinkage)


if a.call == "fit":
    with h5py.File(f"{a.folder}/train.h5") as f:
        X, y, weight = f["X"][:], f["y"][:], f["weight"][:]
        model, classes = make(int(f.attrs["seed"]), int(f.attrs["threads"])), int(f.attrs["classes"])
    if a.model == "discriminant":
        model.fit(X, y)  # takes no weights
    else:
        model.fit(X, y, weight)
    with open(f"{a.folder}/model/model.pickle", "wb") as f:
        pickle.dump((model, classes), f)
else:
    with open(f"{a.folder}/model/model.pickle", "rb") as f:
        model, classes = pickle.load(f)
    with h5py.File(f"{a.folder}/samples.h5") as f:
        found = model.predict_proba(f["X"][:])
    proba = np.zeros((len(found), classes))
    proba[:, model.classes_] = found
    np.save(f"{a.folder}/proba.npy", proba)
