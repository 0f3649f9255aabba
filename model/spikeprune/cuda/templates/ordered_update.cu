{# USES_VARIABLES { N } #}
{# ALLOWS_SCALAR_WRITE #}
{# A thread for each element, or one for all where they write to the same places. #}
{% extends 'ordered_common.cu' %}

{% block kernels %}
__global__ void kernel_{{codeobj_name}}(const int _N, %KERNEL_PARAMETERS%)
{
    %KERNEL_CONSTANTS%
    {{kernel_lines|autoindent}}
    {{scalar_code|autoindent}}
    for (int _idx = blockIdx.x*blockDim.x + threadIdx.x; _idx < _N; _idx += gridDim.x*blockDim.x)
    {
        const int _vectorisation_idx = _idx;
        {{vector_code|autoindent}}
    }
}
{% endblock %}

{% block launches %}
    %HOST_CONSTANTS%
    const int _N = {{number}};
    if (_N > 0)
        kernel_{{codeobj_name}}<<<{{'ordered::blocks(_N), ordered::threads()' if apart else '1, 1'}}, 0, ordered::launch()>>>(_N, %HOST_PARAMETERS%);
{% endblock %}
