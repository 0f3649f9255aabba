// What generated projects use of Thrust; vectors in device memory are reached by copies alone.
#pragma once
namespace thrust {
template <class T> T* raw_pointer_cast(T* p) { return p; }
template <class T> struct device_reference {  // an element in device memory, reached by copies
    T* p;
    T* operator&() const { return p; }
    operator T() const { T v; standin::copy(&v, p, sizeof v, cudaMemcpyDeviceToHost); return v; }
    device_reference& operator=(const T& v) { standin::copy(p, &v, sizeof v, cudaMemcpyHostToDevice); return *this; }
    device_reference& operator=(const device_reference& r) { return *this = (T)r; }
};
template <class T> class device_vector;
template <class T> struct host_vector : std::vector<T> {
    using std::vector<T>::vector;
    host_vector() {}
    host_vector(const device_vector<T>& v) { *this = v; }
    host_vector& operator=(const device_vector<T>& v)
    { this->resize(v.size()); standin::copy(this->data(), v.data(), v.size() * sizeof(T), cudaMemcpyDeviceToHost); return *this; }
};
template <class T> class device_vector {
    T* values = nullptr; size_t n = 0, room = 0;
    void grow(size_t want)
    {
        if (want <= room) return;
        size_t more = std::max(want, 2 * room);
        T* fresh = (T*)standin::device_malloc(more * sizeof(T), "device_vector", this);
        if (!fresh) throw std::bad_alloc();
        if (n) standin::copy(fresh, values, n * sizeof(T), cudaMemcpyDeviceToDevice);
        if (values) standin::device_free(values);
        values = fresh; room = more;
    }
public:
    device_vector() {}
    explicit device_vector(size_t size) { resize(size); }
    device_vector(const device_vector& v) { *this = v; }
    device_vector(const host_vector<T>& v) { *this = v; }
    ~device_vector() { if (values) standin::device_free(values); }
    device_vector& operator=(const device_vector& v) { n = 0; grow(v.n); n = v.n; standin::copy(values, v.values, n * sizeof(T), cudaMemcpyDeviceToDevice); return *this; }
    device_vector& operator=(const std::vector<T>& v) { n = 0; grow(v.size()); n = v.size(); standin::copy(values, v.data(), n * sizeof(T), cudaMemcpyHostToDevice); return *this; }
    void resize(size_t size) { grow(size); if (size > n) standin::set(values + n, 0, (size - n) * sizeof(T)); n = size; }
    size_t size() const { return n; }
    void clear() { n = 0; }
    void shrink_to_fit() { if (!n && values) { standin::device_free(values); values = nullptr; room = 0; } }
    void swap(device_vector& v) { std::swap(values, v.values); std::swap(n, v.n); std::swap(room, v.room); }
    T* data() const { return values; }
    T* begin() const { return values; }
    T* end() const { return values + n; }
    device_reference<T> operator[](size_t i) const { return {values + i}; }
};
template <class A, class B> using pair = std::pair<A, B>;
template <class I> void sequence(I first, I last) { int n = 0; for (; first != last; ++first) *first = n++; }
template <class I> void sort(I first, I last) { std::sort(first, last); }
template <class K, class V> void sort_by_key(K first, K last, V values)
{
    std::vector<std::pair<typename std::iterator_traits<K>::value_type, typename std::iterator_traits<V>::value_type>> both;
    V v = values;
    for (K k = first; k != last; ++k, ++v) both.push_back({*k, *v});
    std::stable_sort(both.begin(), both.end(), [](auto& a, auto& b) { return a.first < b.first; });
    for (auto& b : both) { *first++ = b.first; *values++ = b.second; }
}
template <class K, class V> std::pair<K, V> unique_by_key(K first, K last, V values)
{
    if (first == last) return {first, values};
    K k = first; V to = values, v = values;
    for (++first, ++v; first != last; ++first, ++v) if (!(*k == *first)) { *++k = *first; *++to = *v; }
    return {++k, ++to};
}
template <class I> I unique(I first, I last) { return std::unique(first, last); }
}
