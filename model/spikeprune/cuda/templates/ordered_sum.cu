{# Summed variables: a thread for each target neuron adds up its synapses in the order of their numbers. #}
{% extends 'ordered_common.cu' %}

{% block kernels %}
__global__ void kernel_{{codeobj_name}}(const ordered::Rows::View _rows, const int _first, const int _neurons, %KERNEL_PARAMETERS%)
{
    %KERNEL_CONSTANTS%
    {{kernel_lines|autoindent}}
    {{scalar_code|autoindent}}
    for (int _row = blockIdx.x*blockDim.x + threadIdx.x; _row < _neurons; _row += gridDim.x*blockDim.x)
    {
        {{c_data_type(_target_var.dtype)}} _sum = 0;
        for (int _k = _rows.start[_row]; _k < _rows.start[_row + 1]; _k++)
        {
            const int _idx = _rows.synapse[_k];
            const int _vectorisation_idx = _idx;
            {{vector_code|autoindent}}
            _sum += _synaptic_var;
        }
        {{get_array_name(_target_var)}}[_first + _row] = _sum;
    }
}
{% endblock %}

{% block state %}
static ordered::Rows _rows;
{% endblock %}

{% block launches %}
    {% set _own = get_array_name(_index_var, access_data=False, prefix='') %}
    const int _first = {{_target_start}};
    const int _neurons = {{_target_stop if _target_stop >= 0 else _target_var.size}} - _first;
    if (!_rows.built({{_own}}.size()))
        _rows.build_all(_neurons, {{_own}}.size(), &{{_own}}[0], _first);
    %HOST_CONSTANTS%
    kernel_{{codeobj_name}}<<<ordered::blocks(_neurons), ordered::threads(), 0, ordered::launch()>>>(_rows.view(), _first, _neurons, %HOST_PARAMETERS%);
{% endblock %}
