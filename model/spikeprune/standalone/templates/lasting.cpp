{# USES_VARIABLES { N } #}
{# Condition of an event that can hold only for neurons for which it held in the last step or for which the event `cause`
   has occurred since; at first, for any. #}
{% extends 'common_group.cpp' %}

{% set _eventspace = get_array_name(eventspace_variable) %}

{% block extra_headers %}
#include <vector>

bool _known_to_{{codeobj_name}} = false;
{% endblock %}

{% macro _ask() %}
            const size_t _vectorisation_idx = _idx;
            {{vector_code|autoindent}}
            if (_cond)
            {
                {{later|autoindent}}
                {{'if (_later)' if later else ''}}
                    {{_eventspace}}[_count++] = _idx;
            }
{%- endmacro %}

{% block maincode %}
    // scalar code
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}
    {{loads['0']|autoindent}}

    const int32_t* const _cause = {{get_array_name(cause_variable)}};
    int32_t _count = 0;
    if (_guard && !_known_to_{{codeobj_name}})
    {
        for (int32_t _idx = 0; _idx < N; _idx++)
        {
{{_ask()}}
        }
    }
    else if (_guard && _cause[N] == 0)
    {
        const int32_t _number = {{_eventspace}}[N];
        for (int32_t _i = 0; _i < _number; _i++)
        {
            const int32_t _idx = {{_eventspace}}[_i];
{{_ask()}}
        }
    }
    else if (_guard)
    {
        // both lists, merged in ascending order
        static std::vector<int32_t> _before;
        _before.assign({{_eventspace}}, {{_eventspace}} + {{_eventspace}}[N]);
        const int32_t _number = (int32_t)_before.size(), _causes = _cause[N];
        for (int32_t _i = 0, _j = 0; _i < _number || _j < _causes;)
        {
            const int32_t _old = _i < _number ? _before[_i] : N, _new = _j < _causes ? _cause[_j] : N;
            const int32_t _idx = _old < _new ? _old : _new;
            _i += _idx == _old;
            _j += _idx == _new;
{{_ask()}}
        }
    }
    _known_to_{{codeobj_name}} = true;
    {{_eventspace}}[N] = _count;
{% endblock %}

{% block after_code %}
    // The last element holds the number of events.  Before another run, variables may be set to anything.
    extern bool _known_to_{{codeobj_name}};
    _known_to_{{codeobj_name}} = false;
    {{get_array_name(eventspace_variable)}}[N] = 0;
{% endblock %}
