{# C++ code about 16 numbers side by side, for templates to import. #}
{% macro headers() %}
#if defined(__GNUC__) && (defined(__AVX512F__) || defined(__AVX2__))
#include <immintrin.h>
#endif

namespace {

// One bit for each of 16 numbers that are -1 (it holds) or 0.
inline uint32_t _bits_of_lanes(const int32_t* holds)
{
#if defined(__GNUC__) && defined(__AVX512F__)
    const __m512i lanes = _mm512_loadu_si512(holds);
    return _mm512_test_epi32_mask(lanes, lanes);
#elif defined(__GNUC__) && defined(__AVX2__)
    const __m256i low = _mm256_loadu_si256((const __m256i*)holds);
    const __m256i high = _mm256_loadu_si256((const __m256i*)(holds + 8));
    return (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(low))
        | (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(high)) << 8;
#else
    uint32_t bits = 0;
    for (int32_t i = 0; i < 16; i++)
        bits |= (uint32_t)(holds[i] & 1) << i;
    return bits;
#endif
}

// Append the numbers, from `first` on, of those lanes whose bit is set; the list has room for 16 more.
inline int32_t _append_lanes(int32_t* list, const int32_t number, const int32_t first, const uint32_t bits)
{
#if defined(__GNUC__) && defined(__AVX512F__)
    const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m512i neurons = _mm512_add_epi32(lanes, _mm512_set1_epi32(first));
    _mm512_storeu_si512(list + number, _mm512_maskz_compress_epi32((__mmask16)bits, neurons));
    return number + __builtin_popcount(bits);
#else
    int32_t end = number;
    for (int32_t i = 0; i < 16; i++)
    {
        list[end] = first + i;
        end += bits >> i & 1;
    }
    return end;
#endif
}

}
{% endmacro %}

{# The body of the call for each `_neuron`, from `first` on, whose bit is set in `_bits`. #}
{% macro each_of_bits(first) %}
            for (int32_t _neuron = {{first}}; _bits; _neuron++, _bits >>= 1)
            {
#if defined(__GNUC__)
                const int _skip = __builtin_ctz(_bits);
                _neuron += _skip;
                _bits >>= _skip;
#else
                if (!(_bits & 1))
                    continue;
#endif
{{caller()}}
            }
{%- endmacro %}
