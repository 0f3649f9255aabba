{# ALLOWS_SCALAR_WRITE #}
{# A thread for each neuron with an event, or one for all where they write to the same places. #}
{% extends 'ordered_common.cu' %}

{% block kernels %}
__global__ void kernel_{{codeobj_name}}(const int32_t* _events, const int _N, %KERNEL_PARAMETERS%)
{
    %KERNEL_CONSTANTS%
    {{kernel_lines|autoindent}}
    {{scalar_code|autoindent}}
    for (int _k = blockIdx.x*blockDim.x + threadIdx.x; _k < _events[_N]; _k += gridDim.x*blockDim.x)
    {
        const int _idx = _events[_k];
        const int _vectorisation_idx = _idx;
        {{vector_code|autoindent}}
    }
}
{% endblock %}

{% block launches %}
    %HOST_CONSTANTS%
    const int _N = {{eventspace_variable.size - 1}};
    kernel_{{codeobj_name}}<<<{{'ordered::blocks(_N), ordered::threads()' if apart else '1, 1'}}, 0, ordered::launch()>>>(
        {{device.get_array_name(eventspace_variable, prefix='dev')}}[0], _N, %HOST_PARAMETERS%);
{% endblock %}
