"""What SciPy says, for `main.rs` beside this script.

    python -m pip install --requirement requirements.txt
    python make.py

It writes `expected.toml` here, and never reads anything of the crate that it judges. The script
lies here and not under `fixtures/generate/`, where a case is something that a learner is graded on.
"""

import pathlib
import types

import numpy as np
import scipy
from scipy import stats

LEVELS = [0.5, 0.9, 0.95, 0.99, 0.999]
# A digit per index, so that a resample is a string.
DIGITS = "0123456789abcdefghijklmnopqrstuv"


def student_t():
    """Quantiles and their distribution function over degrees of freedom and probabilities."""
    return [
        {
            "degrees_of_freedom": df,
            "probability": p,
            "quantile": stats.t.ppf(p, df),
            "cdf": stats.t.cdf(stats.t.ppf(p, df), df),
        }
        for df in (1, 2, 3, 4, 5, 9, 10, 19, 29, 30, 49, 99, 299, 1000, 100_000)
        for p in (1e-12, 1e-6, 0.0005, 0.005, 0.025, 0.05, 0.2, 0.45, 0.6, 0.8, 0.95, 0.975, 0.9995)
    ]


def clopper_pearson():
    """Both ends over successes, trials and levels, none and all among them.

    From quantiles of the beta distribution: `binomtest` stops at an error of 2e-12.
    """
    grid = [(n, k) for n in (1, 2, 10, 13, 30) for k in range(n + 1)]
    grid += [(n, k) for n in (100, 1000, 12_000)
             for k in (0, 1, 2, n // 10, n // 2, n - n // 10, n - 2, n - 1, n)]
    cases = []
    for n, k in grid:
        for level in LEVELS:
            tail = (1 - level) / 2
            low = stats.beta.ppf(tail, k, n - k + 1) if k else 0.0
            high = stats.beta.isf(tail, k + 1, n - k) if k < n else 1.0
            cases.append({"successes": k, "trials": n, "level": level, "low": low, "high": high})
    return cases


def samples(rng):
    """Samples by name: of values or of counts of 12,000 images."""
    return {
        "normal": rng.normal(0.004, 0.003, 30),
        "skewed": rng.exponential(0.01, 20) - 0.005,
        "far from zero": rng.normal(1e6, 1e-3, 10),
        "one outlier": np.concatenate([rng.normal(0.0, 1e-3, 14), [0.5]]),
        "counts": rng.integers(-20, 60, 30),
        "counts with ties": rng.integers(-1, 3, 12),
    }


def means(rng):
    """Summaries, t intervals and BCa intervals of means, the latter from resamples that are stored.

    Samples of counts are resampled as counts, of which sums are exact, so that a resample whose mean
    equals the sample's is counted as equal in whatever order it is summed.
    """
    cases = []
    for name, sample in samples(rng).items():
        n = len(sample)
        indices = rng.integers(0, n, (999, n))
        distribution = sample[indices].mean(axis=1)
        intervals = []
        for level in LEVELS:
            t = stats.ttest_1samp(sample, 0.0).confidence_interval(level)
            bca = stats.bootstrap(
                (sample,), np.mean, n_resamples=0, method="BCa", confidence_level=level,
                bootstrap_result=types.SimpleNamespace(bootstrap_distribution=distribution),
            ).confidence_interval
            intervals.append({"level": level, "t": [float(t.low), float(t.high)],
                              "bca": [float(bca.low), float(bca.high)]})
        cases.append({
            "name": name,
            "values": sample.tolist(),
            "is_counts": sample.dtype.kind == "i",
            "mean": float(np.mean(sample)),
            "std": float(np.std(sample, ddof=1)),
            "standard_error": float(stats.sem(sample)),
            "median": float(np.median(sample)),
            "quantiles": [[q, float(np.quantile(sample, q))]
                          for q in (0.0, 0.1, 1 / 3, 0.5, 0.9, 1.0)],
            "resamples": ["".join(DIGITS[i] for i in row) for row in indices],
            "intervals": intervals,
        })
    return cases


def sign_flip(rng):
    """The exact permutation test of paired differences: SciPy enumerates all 2ⁿ flips up to n = 13."""
    cases = [[5] * 10, [0] * 9 + [3], [4, -4, 7, -7, 1, -1, 2, -2, 3, -3], [1] * 9 + [-9, 12_000]]
    for n in (10, 11, 12, 13, 13):
        cases.append(rng.integers(-3, 6, n).tolist())
        cases.append(rng.integers(-40, 90, n).tolist())
        cases.append(rng.integers(-12_000, 12_001, n).tolist())
    return [
        {"differences": d,
         "p": float(stats.permutation_test((np.array(d, dtype=float),), np.sum,
                                           permutation_type="samples", n_resamples=np.inf).pvalue)}
        for d in cases
    ]


def power():
    """The power of the two-sided paired t test at 5 %, exact by the noncentral t distribution, where
    the true mean is t(0.975) + t(0.8) standard errors."""
    cases = []
    for n in (10, 12, 20, 30, 100):
        df = n - 1
        shift = stats.t.ppf(0.975, df) + stats.t.ppf(0.8, df)
        critical = stats.t.ppf(0.975, df)
        found = stats.nct.sf(critical, df, shift) + stats.nct.cdf(-critical, df, shift)
        cases.append({"pairs": n, "factor": float(shift), "power": float(found)})
    return cases


def halves(rng):
    """Some of the 252 ways to hold five of ten results against the other five, by `ttest_ind`, which pools
    variances. A way is a number whose bits choose the first five; they come in order."""
    ways = [way for way in range(1 << 10) if way.bit_count() == 5]
    cases = []
    for values in (rng.normal(0.89, 0.004, 10), rng.exponential(1.0, 10)):
        for at in (0, 1, 17, 100, 126, 200, 251):
            chosen = np.array([bool(ways[at] >> bit & 1) for bit in range(10)])
            found = stats.ttest_ind(values[chosen], values[~chosen])
            interval = found.confidence_interval(0.95)
            cases.append({"values": values.tolist(), "at": at,
                          "difference": float(values[chosen].mean() - values[~chosen].mean()),
                          "t": float(found.statistic), "low": float(interval.low),
                          "high": float(interval.high)})
    return cases


def toml(value, separator=", "):
    """A value as TOML, which the test reads each float of as Python wrote it, to the last bit."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return f'"{value}"'
        case dict():
            return "{ " + ", ".join(f"{key} = {toml(item)}" for key, item in value.items()) + " }"
        case list():
            return "[" + separator.join(map(toml, value)) + "]"
        case int() | float():
            return repr(float(value)) if isinstance(value, float) else repr(value)


def main():
    rng = np.random.default_rng(20_210_301)
    expected = {
        "versions": f"scipy {scipy.__version__}, numpy {np.__version__}",
        "student_t": student_t(),
        "clopper_pearson": clopper_pearson(),
        "means": means(rng),
        "sign_flip": sign_flip(rng),
        "power": power(),
        "halves": halves(rng),
    }
    separator = ",\n"
    path = pathlib.Path(__file__).parent / "expected.toml"
    lines = [f"{key} = {toml(value, separator)}\n" for key, value in expected.items()]
    path.write_text("".join(lines))


if __name__ == "__main__":
    main()
