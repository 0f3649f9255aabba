// The floor: the unpruned Diehl & Cook network of docs/architecture.md by hand, float32, one thread.
//
//   floor NEURONS SEED TRAIN_IMAGES TRAIN_COUNT TEST_IMAGES TEST_COUNT TAIL OUTPUT
//
// *_IMAGES are raw uint8 files of 784-pixel images; OUTPUT receives the spike counts of the last TAIL training images
// and of all test images as uint16 [TAIL + TEST_COUNT][NEURONS]. Timings go to standard output as JSON.
//
// Everything that does not change between events is computed at events, and only where the result is the same within
// float32 rounding: traces come from the time of the last spike; inhibitory neurons are stepped only while they are
// driven; lateral inhibition is one number for all neurons, corrected for the few whose own partner fired;
// depression and normalisation visit only blocks of neurons with a live trace.
#include <sys/mman.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>
#ifdef __AVX512F__
#include <immintrin.h>
#endif

namespace {

constexpr int kPixels = 784, kSteps = 700, kRestSteps = 300;  // dt = 0.5 ms: 350 ms shown, 150 ms rest
constexpr float kDt = 0.5f, kTauExc = 100, kTauInh = 10;      // ms
constexpr float kRestExc = -65, kResetExc = -65, kThresholdExc = -52 - 20, kReversalInhExc = -100;  // mV
constexpr float kRestInh = -60, kResetInh = -45, kThresholdInh = -40;                               // mV
constexpr float kThetaStart = 20, kThetaStep = 0.05f;                                               // mV
constexpr int kRefractoryExc = 10, kRefractoryInh = 4;                                              // steps
constexpr float kExcToInh = 10.4f, kInhToExc = 17, kWeightSum = 78.4f, kEtaPre = 1e-4f, kEtaPost = 1e-2f;
constexpr int kMinSpikes = 5, kStartIntensity = 2, kMaxIntensity = 32;
constexpr float kNothing = 3e-8f;  // half an ulp of 1, to which conductances are added
// A trace counts as dead where its largest change of a weight is below 1e-10.
constexpr int kLifePost1 = 553, kLifePre = 737, kLifePost2 = 1474;  // steps: 20 ln 1e6, 20 ln 1e8, 40 ln 1e8 ms

constexpr int kLanes = 16, kChunk = 8;  // neurons in a block (64 bytes), blocks held in registers at a time
typedef float Vec __attribute__((vector_size(kLanes * 4), may_alias));
typedef uint32_t IntVec __attribute__((vector_size(kLanes * 4), may_alias));

inline Vec& at(float* p) { return *reinterpret_cast<Vec*>(p); }
inline const Vec& at(const float* p) { return *reinterpret_cast<const Vec*>(p); }
inline Vec minimum(Vec a, Vec b) { return a < b ? a : b; }
inline Vec maximum(Vec a, Vec b) { return a > b ? a : b; }

inline bool any_above(Vec a, Vec b) {
#ifdef __AVX512F__
    return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_GT_OQ) != 0;
#else
    bool any = false;
    for (int k = 0; k < kLanes; ++k) any |= a[k] > b[k];
    return any;
#endif
}

// 1 / x to within an ulp or so: an estimate and one Newton step.
inline Vec reciprocal(Vec x) {
#ifdef __AVX512F__
    const Vec y = (Vec)_mm512_rcp14_ps((__m512)x);
    return y * (2 - x * y);
#else
    return 1 / x;
#endif
}

inline float reciprocal(float x) { return 1 / x; }

template <class T>
T* allocate(size_t count) {
    constexpr size_t kPage = 2u << 20;
    const size_t bytes = (count * sizeof(T) + 63) / 64 * 64;
    const bool large = bytes > kPage / 4;
    const size_t rounded = large ? (bytes + kPage - 1) / kPage * kPage : bytes;
    void* p = std::aligned_alloc(large ? kPage : 64, rounded);
    if (!p) std::exit(3);
    if (large) madvise(p, rounded, MADV_HUGEPAGE);
    std::memset(p, 0, bytes);
    return static_cast<T*>(p);
}

// Exponentially distributed numbers of mean 1 from 16 xoshiro128+ generators side by side.
class Exponential {
  public:
    explicit Exponential(uint64_t seed) {
        for (IntVec& word : state_)
            for (int k = 0; k < kLanes; ++k) word[k] = uint32_t(splitmix(seed) >> 32);
    }
    const float* at_least(int count) {  // the next `count` numbers, count <= kSize / 2
        if (next_ + count > kSize) fill();
        return buffer_ + next_;
    }
    void used(int count) { next_ += count; }
    float uniform() {
        const float u = std::exp(-*at_least(1));
        used(1);
        return u;
    }

  private:
    static constexpr int kSize = 4096;
    static uint64_t splitmix(uint64_t& x) {
        uint64_t z = (x += 0x9e3779b97f4a7c15u);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
    }
    void fill() {
        for (int k = 0; k < kSize; k += kLanes) {
            const IntVec bits = (state_[0] + state_[3]) >> 8, shifted = state_[1] << 9;
            state_[2] ^= state_[0], state_[3] ^= state_[1], state_[1] ^= state_[2], state_[0] ^= state_[3];
            state_[2] ^= shifted;
            state_[3] = (state_[3] << 11) | (state_[3] >> 21);
            at(buffer_ + k) = __builtin_convertvector(bits, Vec) * 0x1p-24f + 0x1p-25f;
        }
        for (int k = 0; k < kSize; ++k) buffer_[k] = -std::log(buffer_[k]);
        next_ = 0;
    }
    IntVec state_[4];
    alignas(64) float buffer_[kSize];
    int next_ = kSize;
};

class Network {
  public:
    Network(int neurons, uint64_t seed)
        : n_(neurons), blocks_((neurons + kLanes - 1) / kLanes), stride_(blocks_ * kLanes), random_(seed) {
        if (stride_ % 512 == 0) stride_ += kLanes;  // rows a multiple of 2 kB apart would share cache sets
        w_ = allocate<float>(size_t(kPixels) * stride_);
        for (float** p : {&v_, &g_, &theta_, &threshold_, &own_, &trace_, &v_inh_, &g_inh_})
            *p = allocate<float>(stride_);
        for (int64_t** p : {&fired_, &fired_inh_, &since_inh_}) *p = allocate<int64_t>(stride_);
        std::fill(fired_, fired_ + stride_, -kLifePost2), std::fill(fired_inh_, fired_inh_ + stride_, -kLifePost2);
        std::fill(seen_, seen_ + kPixels, -kLifePre);
        std::fill(v_, v_ + stride_, kRestExc - 40), std::fill(v_inh_, v_inh_ + stride_, kRestInh - 40);
        std::fill(theta_, theta_ + n_, kThetaStart), std::fill(theta_ + n_, theta_ + stride_, 1e30f);
        block_until_.assign(blocks_, 0), over_.assign(blocks_, 0), dirty_.assign(blocks_, 1);
        live_inh_.reserve(n_), owners_.reserve(n_), fixed_.resize(n_), counts.resize(n_);
        for (int i = 0; i < kPixels; ++i)
            for (int j = 0; j < n_; ++j) w_[size_t(i) * stride_ + j] = 0.3f * (random_.uniform() + 0.01f);
        for (int k = 0; k < kLifePre; ++k) decay20_[k] = std::exp(-k * kDt / 20);
        for (int k = 0; k < kLifePost2; ++k) decay40_[k] = std::exp(-k * kDt / 40);
    }

    // Shows an image until it has drawn kMinSpikes spikes; `counts` then holds the response. Returns the presentations.
    template <bool kTrain>
    int show(const uint8_t* image) {
        int times = 0;
        for (int intensity = kStartIntensity; intensity <= kMaxIntensity; ++intensity, ++times)
            if (present<kTrain>(image, intensity) >= kMinSpikes) return times + 1;
        return times;
    }

    std::vector<uint16_t> counts;

  private:
    template <bool kTrain>
    int present(const uint8_t* image, int intensity) {
        if (kTrain) normalise();
        for (int j = 0; j < n_; ++j) threshold_[j] = kThresholdExc + theta_[j];
        std::fill(threshold_ + n_, threshold_ + stride_, 1e30f);
        std::fill(counts.begin(), counts.end(), 0);
        draw(image, intensity);
        int total = 0;
        for (int step = 0; step < kSteps; ++step, ++now_) total += advance<kTrain>(step);
        rest<kTrain>();
        return total;
    }

    // The spikes of one presentation, sorted by step: next += -ln U / (rate dt), at most one a step and pixel.
    void draw(const uint8_t* image, int intensity) {
        int counts[kSteps + 1] = {}, pixels = 0;
        drawn_.clear();
        for (int i = 0; i < kPixels; ++i) {
            if (!image[i]) continue;
            shown_[pixels++] = i;
            const float mean_interval = 8 * 1000 / kDt / (float(image[i]) * intensity);  // steps
            const float* interval = random_.at_least(kSteps + 1);
            float next = 0;
            int step = -1, used = 0;
            for (;;) {
                next += interval[used++] * mean_interval;
                step = next < kSteps ? std::max(int(std::ceil(next)), step + 1) : kSteps;
                if (step >= kSteps) break;
                drawn_.push_back({uint16_t(step), uint16_t(i)});
                ++counts[step + 1];
            }
            random_.used(used);
        }
        for (int k = 0; k < kPixels; ++k)  // the image before this one still has traces
            if (now_ - seen_[k] < kLifePre && !image[k]) shown_[pixels++] = k;
        shown_count_ = pixels;
        for (int s = 0; s < kSteps; ++s) counts[s + 1] += counts[s];
        std::copy(counts, counts + kSteps + 1, first_);
        sorted_.resize(drawn_.size());
        for (const Drawn& d : drawn_) sorted_[counts[d.step]++] = d.pixel;
    }

    // Exponential Euler towards n / s, with exp(-x) = 1 / (1 + x + x^2/2 + x^3/6) and x = dt s / tau, rearranged:
    // v' = (v + q n) / (1 + q s) with q = dt / tau (1 + x/2 + x^2/6), one division.
    template <class T>
    static T relax(T v, T s, T n, float tau) {
        const float c = kDt / tau;
        const T q = c + s * (c * c / 2 + s * (c * c * c / 6));
        return (v + q * n) * reciprocal(1 + q * s);
    }

    // State update, threshold test and input transmission of kBlocks blocks; true where a neuron is above threshold.
    template <int kBlocks, bool kOwn>
    bool sweep(int offset, const uint16_t* begin, const uint16_t* end) {
        // Local copies: the compiler must not fear that a store changes a member.
        float *const v = v_ + offset, *const g_exc = g_ + offset, *const w = w_ + offset;
        const float *const own = own_ + offset, *const threshold = threshold_ + offset;
        const Vec inhibition = inhibition_ - Vec{}, leak = 1 + inhibition;
        const Vec pull = kRestExc + kReversalInhExc * inhibition;
        const float decay = decay_exc_;
        const size_t stride = stride_;
        Vec g[kBlocks];
        bool above = false;
#pragma GCC unroll 8
        for (int b = 0; b < kBlocks; ++b) {
            const int k = b * kLanes;
            const Vec old = at(g_exc + k);
            const Vec own_pull = kReversalInhExc * at(own + k);
            const Vec next = kOwn ? relax<Vec>(at(v + k), leak + old - at(own + k), pull - own_pull, kTauExc)
                                  : relax<Vec>(at(v + k), leak + old, pull, kTauExc);
            at(v + k) = next;
            above |= any_above(next, at(threshold + k));
            g[b] = old * decay;
        }
        for (const uint16_t* pixel = begin; pixel != end; ++pixel) {
            const float* row = w + *pixel * stride;
#pragma GCC unroll 8
            for (int b = 0; b < kBlocks; ++b) g[b] += at(row + b * kLanes);
        }
#pragma GCC unroll 8
        for (int b = 0; b < kBlocks; ++b) at(g_exc + b * kLanes) = g[b];
        return above;
    }

    template <bool kOwn>
    void sweep_all(const uint16_t* begin, const uint16_t* end) {
        int block = 0;
        for (; block + kChunk <= blocks_; block += kChunk)
            if (sweep<kChunk, kOwn>(block * kLanes, begin, end)) hits_.push_back({block, block + kChunk});
        const int left = blocks_ - block;
        for (int size : {4, 2, 1}) {
            if (!(left & size)) continue;
            const int offset = block * kLanes;
            const bool hit = size == 4   ? sweep<4, kOwn>(offset, begin, end)
                             : size == 2 ? sweep<2, kOwn>(offset, begin, end)
                                         : sweep<1, kOwn>(offset, begin, end);
            if (hit) hits_.push_back({block, block + size});
            block += size;
        }
    }

    template <bool kTrain>
    int advance(int step) {
        const uint16_t *begin = sorted_.data() + first_[step], *end = sorted_.data() + first_[step + 1];
        hits_.clear(), spikes_.clear();
        if (owners_.size() > size_t(blocks_)) {
            sweep_all<true>(begin, end);
        } else {
            for (size_t k = 0; k < owners_.size(); ++k) {
                const int j = owners_[k];
                const float inhibition = inhibition_ - own_[j], pull = kRestExc + kReversalInhExc * inhibition;
                fixed_[k] = relax<float>(v_[j], 1 + g_[j] + inhibition, pull, kTauExc);
            }
            sweep_all<false>(begin, end);
            for (size_t k = 0; k < owners_.size(); ++k) {
                const int j = owners_[k];
                v_[j] = fixed_[k];
                if (v_[j] > threshold_[j]) hits_.push_back({j / kLanes, j / kLanes + 1});
            }
        }
        decay_inhibition();
        if (kTrain) depress(begin, end);
        const int fired_inh = advance_inhibitory();
        if (!hits_.empty()) {
            collect();
            if (kTrain && !spikes_.empty()) potentiate();
            for (int j : spikes_) fire<kTrain>(j);
        }
        inhibition_ += kInhToExc * fired_inh;
        return int(spikes_.size());
    }

    void decay_inhibition() {
        inhibition_ = inhibition_ < kNothing ? 0 : inhibition_ * decay_inh_;
        size_t kept = 0;
        for (int j : owners_) {
            own_[j] *= decay_inh_;
            if (inhibition_ == 0 || own_[j] < kNothing) own_[j] = 0;
            else owners_[kept++] = j;
        }
        owners_.resize(kept);
    }

    void depress(const uint16_t* begin, const uint16_t* end) {
        trace_decay_ *= decay_post1_;
        for (int block : live_) {
            const Vec change = at(trace_ + block * kLanes) * trace_decay_;
            for (const uint16_t* pixel = begin; pixel != end; ++pixel) {
                Vec& w = at(w_ + size_t(*pixel) * stride_ + block * kLanes);
                w = minimum(maximum(w - change, Vec{}), Vec{} + 1);
            }
        }
        for (const uint16_t* pixel = begin; pixel != end; ++pixel) seen_[*pixel] = now_;
    }

    // Only driven inhibitory neurons; the others relax to rest, which `wake` catches up on in closed form.
    int advance_inhibitory() {
        int fired = 0;
        size_t kept = 0;
        for (int j : live_inh_) {
            const bool refractory = now_ - fired_inh_[j] < kRefractoryInh;
            if (!refractory) v_inh_[j] = relax<float>(v_inh_[j], 1 + g_inh_[j], kRestInh, kTauInh);
            g_inh_[j] *= decay_exc_;
            if (v_inh_[j] > kThresholdInh && !refractory) {
                v_inh_[j] = kResetInh;
                fired_inh_[j] = now_;
                if (own_[j] == 0) owners_.push_back(j);
                own_[j] += kInhToExc;
                ++fired;
            }
            if (g_inh_[j] < kNothing) g_inh_[j] = 0, since_inh_[j] = now_;
            else live_inh_[kept++] = j;
        }
        live_inh_.resize(kept);
        return fired;
    }

    void collect() {
        for (const Range& hit : hits_)
            for (int j = hit.begin * kLanes; j < hit.end * kLanes; ++j)
                if (v_[j] > threshold_[j] && now_ - fired_[j] >= kRefractoryExc) spikes_.push_back(j);
        std::sort(spikes_.begin(), spikes_.end());
        spikes_.erase(std::unique(spikes_.begin(), spikes_.end()), spikes_.end());
    }

    void potentiate() {
        for (int k = 0; k < shown_count_; ++k) {
            const int64_t age = now_ - seen_[shown_[k]];
            pre_[k] = age < kLifePre ? kEtaPost * decay20_[age] : 0;
        }
        for (int j : spikes_) {
            float* const column = w_ + j;
            for (int i = 0; over_[j / kLanes] && i < kPixels; ++i)
                column[size_t(i) * stride_] = std::min(column[size_t(i) * stride_], 1.f);
            const int64_t age = now_ - fired_[j];
            if (age >= kLifePost2) continue;
            const float post2 = decay40_[age];
            for (int k = 0; k < shown_count_; ++k) {
                float& w = column[size_t(shown_[k]) * stride_];
                w = std::min(w + pre_[k] * post2, 1.f);
            }
        }
    }

    template <bool kTrain>
    void fire(int j) {
        v_[j] = kResetExc;
        fired_[j] = now_;
        ++counts[j];
        if (g_inh_[j] == 0) wake(j);
        g_inh_[j] += kExcToInh;
        if (!kTrain) return;
        theta_[j] += kThetaStep;
        threshold_[j] += kThetaStep;
        trace_[j] = kEtaPre / trace_decay_;
        const int block = j / kLanes;
        dirty_[block] = 1;
        if (!block_until_[block]) live_.push_back(block);
        block_until_[block] = now_ + kLifePost1;
    }

    void wake(int j) {
        v_inh_[j] = kRestInh + (v_inh_[j] - kRestInh) * std::exp(-(now_ - since_inh_[j]) * kDt / kTauInh);
        live_inh_.push_back(j);
    }

    // 150 ms without input in closed form. Conductances fall by exp(-75) and more, which is nothing.
    template <bool kTrain>
    void rest() {
        const float left = std::exp(-kRestSteps * kDt / kTauExc);
        for (int b = 0; b < blocks_; ++b) at(v_ + b * kLanes) = kRestExc + (at(v_ + b * kLanes) - kRestExc) * left;
        std::fill(g_, g_ + stride_, 0.f);
        for (int j : owners_) own_[j] = 0;
        for (int j : live_inh_) g_inh_[j] = 0, since_inh_[j] = now_ - 1;
        owners_.clear(), live_inh_.clear();
        inhibition_ = 0;
        now_ += kRestSteps;
        if (!kTrain) return;
        const float theta_lost = -std::expm1(-(kSteps + kRestSteps) * double(kDt) / 1e7);
        for (int j = 0; j < n_; ++j) theta_[j] -= theta_[j] * theta_lost;
        trace_decay_ *= std::exp(-kRestSteps * kDt / 20);
    }

    void normalise() {
        live_.clear();
        for (int b = 0; b < blocks_; ++b) {
            // trace_ is relative to trace_decay_, which starts again at 1 in each presentation.
            at(trace_ + b * kLanes) *= trace_decay_;
            if (dirty_[b]) {
                Vec sum = {}, largest = {};
                float* column = w_ + b * kLanes;
                for (int i = 0; i < kPixels; ++i) sum += at(column + size_t(i) * stride_);
                const Vec scale = kWeightSum / maximum(sum, Vec{} + 1e-20f);
                for (int i = 0; i < kPixels; ++i) {
                    Vec& w = at(column + size_t(i) * stride_);
                    w *= scale;
                    largest = maximum(largest, w);
                }
                over_[b] = any_above(largest, Vec{} + 1);
            }
            if (block_until_[b] <= now_) block_until_[b] = 0, at(trace_ + b * kLanes) = Vec{};
            if (block_until_[b] == 0 && over_[b]) block_until_[b] = now_ + 1;  // live, for the clip at 1
            dirty_[b] = block_until_[b] != 0;
            if (dirty_[b]) live_.push_back(b);
        }
        trace_decay_ = 1;
    }

    struct Drawn { uint16_t step, pixel; };
    struct Range { int begin, end; };

    const int n_, blocks_;
    int stride_;
    Exponential random_;
    int64_t now_ = 0;  // steps, rests included
    float *w_;         // [kPixels][stride_]
    float *v_, *g_, *theta_, *threshold_, *own_, *trace_, *v_inh_, *g_inh_;  // own_: what a neuron's own partner gave
    int64_t *fired_, *fired_inh_, *since_inh_, seen_[kPixels];               // step of the last spike, or update
    float inhibition_ = 0, trace_decay_ = 1;
    const float decay_exc_ = std::exp(-kDt / 1), decay_inh_ = std::exp(-kDt / 2), decay_post1_ = std::exp(-kDt / 20);
    float decay20_[kLifePre], decay40_[kLifePost2], pre_[kPixels];
    std::vector<int64_t> block_until_;           // step up to which a block has a live post1 trace, 0: none
    std::vector<char> over_, dirty_;             // block holds a weight above 1; block has changed since normalised
    std::vector<int> live_, live_inh_, owners_, spikes_;
    std::vector<float> fixed_;
    std::vector<Range> hits_;
    std::vector<Drawn> drawn_;
    std::vector<uint16_t> sorted_;               // pixels that spike, in order of steps
    int first_[kSteps + 1], shown_[kPixels], shown_count_ = 0;
};

std::vector<uint8_t> read_images(const char* path, int count) {
    std::vector<uint8_t> images(size_t(count) * kPixels);
    FILE* file = std::fopen(path, "rb");
    if (!file || std::fread(images.data(), kPixels, count, file) != size_t(count)) {
        std::fprintf(stderr, "%s does not hold %d images of %d bytes.\n", path, count, kPixels);
        std::exit(2);
    }
    std::fclose(file);
    return images;
}

// Largest resident size of this program alone; getrusage would count the parent that started it.
long peak_kilobytes() {
    long kilobytes = 0;
    char line[256];
    FILE* file = std::fopen("/proc/self/status", "r");
    while (file && std::fgets(line, sizeof line, file)) std::sscanf(line, "VmHWM: %ld", &kilobytes);
    if (file) std::fclose(file);
    return kilobytes;
}

double cpu_seconds() {
    timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}

template <bool kTrain>
std::string run(Network& network, const std::vector<uint8_t>& images, int count, int tail, FILE* output) {
    const auto start = std::chrono::steady_clock::now();
    const double cpu = cpu_seconds();
    long presentations = 0, spikes = 0;
    for (int k = 0; k < count; ++k) {
        presentations += network.show<kTrain>(images.data() + size_t(k) * kPixels);
        for (uint16_t c : network.counts) spikes += c;
        if (k >= count - tail) std::fwrite(network.counts.data(), 2, network.counts.size(), output);
    }
    const double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    char text[200];
    const char* format =
        "{\"images\": %d, \"presentations\": %ld, \"spikes\": %ld, \"seconds\": %.6f, \"cpu_seconds\": %.6f}";
    std::snprintf(text, sizeof text, format, count, presentations, spikes, wall, cpu_seconds() - cpu);
    return text;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 9) {
        std::fprintf(stderr, "usage: floor NEURONS SEED TRAIN_IMAGES TRAIN_COUNT TEST_IMAGES TEST_COUNT TAIL OUTPUT\n");
        return 2;
    }
    const int train_count = std::atoi(argv[4]), test_count = std::atoi(argv[6]), tail = std::atoi(argv[7]);
    const auto train = read_images(argv[3], train_count), test = read_images(argv[5], test_count);
    FILE* output = std::fopen(argv[8], "wb");
    if (!output) return 2;
    auto network = std::make_unique<Network>(std::atoi(argv[1]), std::strtoull(argv[2], nullptr, 10));
    const std::string trained = run<true>(*network, train, train_count, tail, output);
    const std::string tested = run<false>(*network, test, test_count, test_count, output);
    std::fclose(output);
    std::printf("{\"train\": %s, \"test\": %s, \"peak_bytes\": %ld}\n", trained.c_str(), tested.c_str(),
                1024 * peak_kilobytes());
}
