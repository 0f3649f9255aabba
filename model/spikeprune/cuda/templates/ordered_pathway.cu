{# Pathways of synapses.  `unit` says what one thread does, so that no other thread writes where it does:
   'synapse' one synapse, 'partner' those of a neuron on the other side, 'event' those of a neuron with an event, 'all'
   everything; always in the order in which C++ does it.

   `pattern` says how synapses are found: 'dense' (number pre*columns + post), 'paired' (the number of both neurons), or
   'any': a list of rows, see `ordered::Rows`.  With several blocks, dense synapses lead to neurons of the same block
   only, which are `others` on the other side of `own` neurons with events. #}
{% extends 'ordered_common.cu' %}

{% macro _visit(synapse) %}
        {
            const int _idx = {{synapse}};
            const int _vectorisation_idx = _idx;
            {{vector_code|autoindent}}
        }
{%- endmacro %}

{% set _thread = 'blockIdx.x*blockDim.x + threadIdx.x' %}
{% set _stride = 'gridDim.x*blockDim.x' %}
{% set _threads = '1' if unit == 'all' else 'ordered::threads()' %}
{% set _column = ' % ' ~ columns if blocks > 1 else '' %}
{% set _place = '_event*' ~ columns ~ ' + _partner' ~ _column if pathway.prepost == 'pre' else '_partner*' ~ columns ~ ' + _event' ~ _column %}

{# The numbers of the first and last partner of an event. #}
{% macro _of_block() %}
            {% if blocks > 1 and only_variable is not none %}
            const int _from = ordered::place(_only, _partners, _event/{{own}}*{{others}});
            const int _to = ordered::place(_only, _partners, (_event/{{own}} + 1)*{{others}});
            {% elif blocks > 1 %}
            const int _from = _event/{{own}}*{{others}}, _to = _from + {{others}};
            {% else %}
            const int _from = 0, _to = _partners;
            {% endif %}
{%- endmacro %}

{% block kernels %}
{% if pattern == 'any' %}
__global__ void kernel_{{codeobj_name}}(const ordered::Rows::View _rows, const ordered::History::View _history, %KERNEL_PARAMETERS%)
{
    %KERNEL_CONSTANTS%
    {{kernel_lines|autoindent}}
    {{scalar_code|autoindent}}
    for (int _row = {{_thread}}; _row < _rows.number; _row += {{_stride}})
        for (int _k = _rows.start[_row]; _k < _rows.start[_row + 1]; _k++)
        {
            if (!_history.occurred(_rows.source[_k], _rows.delay[_k]))
                continue;
            {{_visit('_rows.synapse[_k]')}}
        }
}
{% else %}
__global__ void kernel_{{codeobj_name}}(const int32_t* _events, const int _last, const int32_t* _only, const int _only_last, %KERNEL_PARAMETERS%)
{
    %KERNEL_CONSTANTS%
    {{kernel_lines|autoindent}}
    {{scalar_code|autoindent}}
    const int _number = _events[_last];
    {% if pattern == 'paired' %}
    for (int _k = {{_thread}}; _k < _number; _k += {{_stride}})
        {{_visit('_events[_k]')}}
    {% else %}
    const int _partners = {{'_only[_only_last]' if only_variable is not none else partners}};
    {% set _which = '_only[_p]' if only_variable is not none else '_p' %}
    {% if unit == 'partner' %}
    for (int _p = {{_thread}}; _p < _partners; _p += {{_stride}})
    {
        const int _partner = {{_which}};
        {% if blocks > 1 %}
        const int _first = ordered::place(_events, _number, _partner/{{others}}*{{own}});
        const int _end = ordered::place(_events, _number, (_partner/{{others}} + 1)*{{own}});
        {% else %}
        const int _first = 0, _end = _number;
        {% endif %}
        for (int _k = _first; _k < _end; _k++)
        {
            const int _event = _events[_k];
            {{_visit(_place)}}
        }
    }
    {% else %}
    {% if unit == 'event' %}
    for (int _k = {{_thread}}; _k < _number; _k += {{_stride}})
    {% elif unit == 'synapse' %}
    for (int _k = blockIdx.y; _k < _number; _k += gridDim.y)
    {% else %}
    for (int _k = 0; _k < _number; _k++)
    {% endif %}
    {
        const int _event = _events[_k];
        {{_of_block()}}
        for (int _p = _from{{' + ' ~ _thread if unit == 'synapse' else ''}}; _p < _to; _p += {{_stride if unit == 'synapse' else '1'}})
        {
            const int _partner = {{_which}};
            {{_visit(_place)}}
        }
    }
    {% endif %}
    {% endif %}
}
{% endif %}
{% endblock %}

{% block state %}
{% if pattern == 'any' %}
static ordered::Rows _rows;
static ordered::History& _history = ordered::lasting<ordered::History>("{{lasting}}");
{% endif %}
{% endblock %}

{% block launches %}
    const int _last = {{eventspace_variable.size - 1}};
    int32_t* const _events = {{device.get_array_name(eventspace_variable, prefix='dev')}}[0];
    {% if pattern == 'any' %}
    {% set _own, _other = (pre, post) if pathway.prepost == 'pre' else (post, pre) %}
    if (!_rows.built({{_own}}.size()))
        _history.resize(_last, _rows.build({{_own}}.size(), &{{_own}}[0], {{'&' ~ _other ~ '[0]' if unit in ('partner', 'synapse') else '&' ~ _own ~ '[0]' if unit == 'event' else 'nullptr'}},
            &{{delay}}[0], {{'true' if one_delay else 'false'}}, {{dt}}));
    if (_rows.empty())
        return;
    %HOST_CONSTANTS%
    _history.enter(_events);
    kernel_{{codeobj_name}}<<<ordered::blocks(_rows.number()), {{_threads}}, 0, ordered::launch()>>>(_rows.view(), _history.view(), %HOST_PARAMETERS%);
    {% else %}
    %HOST_CONSTANTS%
    {% if unit == 'synapse' and pattern == 'dense' %}
    const dim3 _blocks(ordered::blocks({{others}}), ordered::at_most(_last, {{[64*blocks, 65535]|min}}));
    {% elif unit == 'all' %}
    const dim3 _blocks(1);
    {% else %}
    const dim3 _blocks(ordered::blocks({{partners if unit == 'partner' and pattern == 'dense' else '_last'}}));
    {% endif %}
    kernel_{{codeobj_name}}<<<_blocks, {{_threads}}, 0, ordered::launch()>>>(
        _events, _last,
        {% if only_variable is not none %}
        {{device.get_array_name(only_variable, prefix='dev')}}[0], {{only_variable.size - 1}},
        {% else %}
        nullptr, 0,
        {% endif %}
        %HOST_PARAMETERS%);
    {% endif %}
{% endblock %}
