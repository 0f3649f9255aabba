{# USES_VARIABLES { N } #}
{# What is the same for all neurons is asked once.  The next part of the condition is evaluated for a block of neurons at
   a time, without branches; of the block, only neurons for which it holds are visited and asked the rest.  #}
{% extends 'common_group.cpp' %}

{% macro _make_refractory(neuron) %}
{% if _uses_refractory %}
{{not_refractory}}[{{neuron}}] = false;
{{lastspike}}[{{neuron}}] = {{t}};
{% endif %}
{%- endmacro %}

{% set _eventspace = get_array_name(eventspace_variable) %}

{% block extra_headers %}
#if defined(__GNUC__) && (defined(__AVX512F__) || defined(__AVX2__))
#include <immintrin.h>
#endif
{% endblock %}

{% block maincode %}
    // scalar code
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}
    {{loads['0']|autoindent}}

    int32_t _count = 0;
    {% if same_for_all %}
    {
        {{vector_code|autoindent}}
        if (_cond)
        {
            for (int32_t _idx = 0; _idx < N; _idx++)
            {
                {{_eventspace}}[_idx] = _idx;
                {{_make_refractory('_idx')|autoindent}}
            }
            _count = N;
        }
    }
    {% else %}
    if (_guard)
    {
        const int32_t _block = 256, _lanes = 16;
        int32_t _holds[_block]; // -1 or 0, as wide as most of what is compared, which spares the packing of vectors
        for (int32_t _start = 0; _start < N; _start += _block)
        {
            const int32_t _length = N - _start < _block ? N - _start : _block;
            {% if not order_matters %}
            #pragma GCC ivdep
            {% endif %}
            for (int32_t _i = 0; _i < _length; _i++)
            {
                const int32_t _idx = _start + _i;
                const size_t _vectorisation_idx = _idx;
                {{vector_code|autoindent}}
                _holds[_i] = -(int32_t)(_cond != 0);
            }
            for (int32_t _i = _length; _i % _lanes; _i++)
                _holds[_i] = 0;
            for (int32_t _first = 0; _first < _length; _first += _lanes)
            {
                uint32_t _bits = 0;
#if defined(__GNUC__) && defined(__AVX512F__)
                const __m512i _lane = _mm512_loadu_si512(_holds + _first);
                _bits = _mm512_test_epi32_mask(_lane, _lane);
#elif defined(__GNUC__) && defined(__AVX2__)
                const __m256i _low = _mm256_loadu_si256((const __m256i*)(_holds + _first));
                const __m256i _high = _mm256_loadu_si256((const __m256i*)(_holds + _first + 8));
                _bits = (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(_low))
                    | (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(_high)) << 8;
#else
                for (int32_t _i = 0; _i < _lanes; _i++)
                    _bits |= (uint32_t)(_holds[_first + _i] & 1) << _i;
#endif
                for (int32_t _neuron = _start + _first; _bits; _neuron++, _bits >>= 1)
                {
#if defined(__GNUC__)
                    const int _skip = __builtin_ctz(_bits);
                    _neuron += _skip;
                    _bits >>= _skip;
#else
                    if (!(_bits & 1))
                        continue;
#endif
                    {% if later %}
                    const int32_t _idx = _neuron;
                    {{later|autoindent}}
                    if (!_later)
                        continue;
                    {% endif %}
                    {{_make_refractory('_neuron')|autoindent}}
                    {{_eventspace}}[_count++] = _neuron;
                }
            }
        }
    }
    {% endif %}
    {{_eventspace}}[N] = _count;
{% endblock %}

{% block after_code %}
    // the last element holds the number of events
    {{get_array_name(eventspace_variable)}}[N] = 0;
{% endblock %}
