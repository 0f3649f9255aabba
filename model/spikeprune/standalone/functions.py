"""Functions of Brian2 whose C++ code keeps to single precision where their arguments do."""

from brian2.core.functions import DEFAULT_FUNCTIONS

from .codeobject import FastCPPStandaloneCodeObject

# Brian2's clip compares in double precision, which costs two conversions for every float.  Rounding the bounds to the
# type of the value first gives the same result: no value lies strictly between a bound and its nearest neighbour.
DEFAULT_FUNCTIONS["clip"].implementations.add_implementation(
    FastCPPStandaloneCodeObject,
    name="_clip",
    code="""
    template <typename T> static inline T _clip_between(const T value, const T low, const T high)
    {
        const T bounded = value < low ? low : value;
        return bounded > high ? high : bounded;
    }
    template <typename T> static inline T _clip(const T value, const double low, const double high)
    {
        return (T)_clip_between<double>(value, low, high);
    }
    static inline float _clip(const float value, const double low, const double high)
    {
        return _clip_between<float>(value, (float)low, (float)high);
    }
    """,
)
