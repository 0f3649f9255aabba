{# USES_VARIABLES { N } #}
{# One block goes through the neurons from the first to the last, a tile at a time.  In a tile, each thread enters its
   neuron as a bit, and the number of bits before its own is the place of its event: so events come in order. #}
{% extends 'ordered_common.cu' %}

{% block kernels %}
__global__ void kernel_{{codeobj_name}}(int32_t* _events, const int _N, %KERNEL_PARAMETERS%)
{
    __shared__ unsigned int _bits[32];
    %KERNEL_CONSTANTS%
    {{kernel_lines|autoindent}}
    {{scalar_code|autoindent}}
    int _found = 0; // by all threads alike
    for (int _first = 0; _first < _N; _first += blockDim.x)
    {
        if (threadIdx.x < 32)
            _bits[threadIdx.x] = 0;
        __syncthreads();
        const int _idx = _first + threadIdx.x;
        const int _vectorisation_idx = _idx;
        bool _occurs = false;
        if (_idx < _N)
        {
            {{vector_code|autoindent}}
            _occurs = _cond;
        }
        const int _word = threadIdx.x/32;
        const unsigned int _bit = 1u << threadIdx.x%32;
        if (_occurs)
            atomicOr(&_bits[_word], _bit);
        __syncthreads();
        int _place = _found + __popc(_bits[_word] & (_bit - 1));
        for (int _w = 0; _w*32 < blockDim.x; _w++)
        {
            const int _in_word = __popc(_bits[_w]);
            _found += _in_word;
            if (_w < _word)
                _place += _in_word;
        }
        if (_occurs)
        {
            _events[_place] = _idx;
            {% if _uses_refractory %}
            {{get_array_name(variables['not_refractory'])}}[_idx] = false;
            {{get_array_name(variables['lastspike'])}}[_idx] = {{get_array_name(variables['t'])}}[0];
            {% endif %}
        }
        __syncthreads();
    }
    if (threadIdx.x == 0)
        _events[_N] = _found;
}
{% endblock %}

{% block launches %}
    %HOST_CONSTANTS%
    const int _N = {{eventspace_variable.size - 1}};
    kernel_{{codeobj_name}}<<<1, ordered::threads_for(_N)>>>(
        {{device.get_array_name(eventspace_variable, prefix='dev')}}[0], _N, %HOST_PARAMETERS%);
{% endblock %}
