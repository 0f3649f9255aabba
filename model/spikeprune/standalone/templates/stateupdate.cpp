{# USES_VARIABLES { N } #}
{# ALLOWS_SCALAR_WRITE #}
{# With a condition `_awake`, blocks of neurons are left out where it holds for none of them. #}
{% extends 'common_group.cpp' %}
{% import 'lanes.cpp' as lanes %}

{% macro _update(first, end) %}
    {% if '_idx' in independent_over and not order_matters %}
    #pragma GCC ivdep
    {% endif %}
    for (int _idx = {{first}}; _idx < {{end}}; _idx++)
    {
        const size_t _vectorisation_idx = _idx;
        {{vector_code|autoindent}}
    }
{%- endmacro %}

{% block extra_headers %}
{{lanes.headers() if awake else ''}}
{% endblock %}

{% block maincode %}
    // scalar code
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}
    {{loads['0']|autoindent}}

    const int _N = {{constant_or_scalar('N', variables['N'])}};
    {% if awake and not order_matters %}
    const int _lanes = 16;
    int _start = 0;
    for (; _start + _lanes <= _N; _start += _lanes)
    {
        int32_t _holds[_lanes];
        for (int _i = 0; _i < _lanes; _i++)
        {
            const int _idx = _start + _i;
            {{awake|autoindent}}
            _holds[_i] = -(int32_t)(_awake != 0);
        }
        if (!_bits_of_lanes(_holds))
            continue;
{{_update('_start', '_start + _lanes')}}
    }
{{_update('_start', '_N')}}
    {% else %}
{{_update('0', '_N')}}
    {% endif %}
{% endblock %}
