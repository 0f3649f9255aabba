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

}
{% endmacro %}
