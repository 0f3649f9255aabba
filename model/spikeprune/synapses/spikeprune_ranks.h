// Values noted by synapses or neurons at a pruning event, and the k-th smallest of each group of them.
#ifndef SPIKEPRUNE_RANKS
#define SPIKEPRUNE_RANKS
#include <algorithm>
#include <cstdint>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

namespace spikeprune {

typedef std::vector<std::pair<double, int64_t> > Values;

struct Ranks
{
    bool sorted = false;
    std::map<int64_t, Values> groups;
};

// One for the whole program, whichever file asks.
inline std::map<int64_t, Ranks>& all_ranks()
{
    static std::map<int64_t, Ranks> ranks;
    return ranks;
}

inline std::mutex& ranks_mutex()
{
    static std::mutex mutex;
    return mutex;
}

inline double note(const int64_t host, const int64_t group, const double value, const int64_t number)
{
    std::lock_guard<std::mutex> guard(ranks_mutex());
    Ranks& ranks = all_ranks()[host];
    if (ranks.sorted)
    {
        // the first value of another event
        ranks.groups.clear();
        ranks.sorted = false;
    }
    ranks.groups[group].push_back(std::make_pair(value, number));
    return 1.0;
}

// The k-th smallest of a group, from 1; below all values for k < 1.
inline std::pair<double, int64_t> kth(const int64_t host, const int64_t group, const double k)
{
    std::lock_guard<std::mutex> guard(ranks_mutex());
    Ranks& ranks = all_ranks()[host];
    if (!ranks.sorted)
    {
        for (auto& entry : ranks.groups)
            std::sort(entry.second.begin(), entry.second.end());
        ranks.sorted = true;
    }
    const Values& values = ranks.groups[group];
    const int64_t last = (int64_t)values.size();
    const int64_t place = std::min((int64_t)(k + 0.5), last);
    return place < 1 ? std::make_pair(-1e300, (int64_t)-1) : values[place - 1];
}

}
#endif
