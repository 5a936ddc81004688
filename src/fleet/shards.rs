//! Divides the instances into parts: evenly, and so that as few as possible move when their number changes.
//!
//! Who moves from one part to another is in the hands of two controllers at a time, so an instance stays where the
//! tree has it. A further part takes its share from all others, and nothing else moves; what a part that goes has held
//! is spread over the rest.

use super::Member;
use aws_lc_rs::digest::{SHA256, digest};
use std::collections::BTreeMap;

/// Most instances that one kustomization may name: `kubectl kustomize` takes 0.98 s for 100 and 131 s for 1,000.
pub const SHARD_LIMIT: usize = 100;

/// The division that a tree has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Division {
    /// Into how many parts; 0 if it is not divided.
    pub shards: u16,
    /// Where each instance is.
    pub of: BTreeMap<String, u16>,
}

/// Assigns every member its part, of `shards`. `found` is the division that the tree has.
pub(super) fn assign(fleet: &str, members: &mut [Member], shards: u16, found: &Division) {
    let mut loads = vec![0_usize; usize::from(shards)];
    let fill = members.len().div_ceil(loads.len().max(1));
    let mut open = Vec::new();
    for (index, member) in members.iter_mut().enumerate() {
        match member
            .shard
            .filter(|shard| member.is_pinned && *shard < shards)
        {
            Some(shard) => loads[usize::from(shard)] += 1,
            None => open.push(index),
        }
    }
    let (mut settled, mut homeless) = (Vec::new(), Vec::new());
    for index in open {
        let member = &mut members[index];
        let found = found.of.get(member.id.as_str()).copied();
        let found =
            found.filter(|shard| *shard < shards && loads[usize::from(*shard)] < SHARD_LIMIT);
        member.shard = found;
        match found {
            Some(shard) => {
                loads[usize::from(shard)] += 1;
                settled.push(index);
            }
            None => homeless.push(index),
        }
    }
    for index in homeless {
        let choice = jump(key(fleet, members[index].id.as_str()), shards);
        let shard = if loads[usize::from(choice)] < fill {
            choice
        } else {
            let emptiest = (0..shards).min_by_key(|shard| loads[usize::from(*shard)]);
            emptiest.unwrap_or_default()
        };
        loads[usize::from(shard)] += 1;
        members[index].shard = Some(shard);
    }
    if found.shards != 0 && found.shards != shards {
        let keyed = settled
            .into_iter()
            .map(|index| (key(fleet, members[index].id.as_str()), index));
        let keyed = keyed.collect();
        level(members, keyed, &mut loads);
    }
}

/// Lets parts that have less than their share take from those that have more: first whom their names call there.
fn level(members: &mut [Member], mut settled: Vec<(u64, usize)>, loads: &mut [usize]) {
    let fill = members.len() / loads.len().max(1);
    let shards = u16::try_from(loads.len()).unwrap_or(u16::MAX);
    settled.sort_unstable();
    let mut poor = 0;
    for is_called in [true, false] {
        for (key, index) in &settled {
            let from = usize::from(members[*index].shard.unwrap_or_default());
            let to = if is_called {
                usize::from(jump(*key, shards))
            } else {
                while poor < loads.len() && loads[poor] >= fill {
                    poor += 1;
                }
                poor
            };
            if loads[from] > fill && loads.get(to).is_some_and(|load| *load < fill) {
                loads[from] -= 1;
                loads[to] += 1;
                members[*index].shard = u16::try_from(to).ok();
            }
        }
    }
}

/// Returns the number by which a member chooses its part.
fn key(fleet: &str, id: &str) -> u64 {
    let hash = digest(&SHA256, format!("{fleet}/{id}").as_bytes());
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hash.as_ref()[..8]);
    u64::from_be_bytes(bytes)
}

/// Chooses a part so that of n + 1 parts the last is chosen by one in n + 1, and all others choose as of n (Lamping
/// and Veach, "A Fast, Minimal Memory, Consistent Hash Algorithm", 2014, figure 1).
fn jump(mut key: u64, shards: u16) -> u16 {
    let (mut chosen, mut next) = (0, 0_u64);
    while next < u64::from(shards) {
        chosen = next;
        key = key.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(1);
        // (chosen + 1) * 2^31 / r for r of 1 to 2^31; past the number of parts its exact size does not matter.
        next = ((chosen + 1) << 31) / ((key >> 33) + 1);
    }
    u16::try_from(chosen).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::{Source, read};

    fn members(ids: impl IntoIterator<Item = String>) -> Vec<Member> {
        let instances = ids
            .into_iter()
            .fold(String::new(), |text, id| text + "    " + &id + ": {}\n");
        let text = format!(
            "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Fleet\nmetadata: {{name: f}}\nspec:\n  domain: example.org\n  instances:\n{instances}"
        );
        let name = "fleet.yaml".to_owned();
        let fleet = read(&Source { name, text }, &mut |_| Ok(Vec::new()));
        fleet.expect("a fleet").members
    }

    fn ten_thousand() -> Vec<Member> {
        members((0..10_000).map(|number| format!("paroisse-{number}")))
    }

    fn division(members: &[Member], shards: u16) -> Division {
        let of = members
            .iter()
            .map(|member| (member.id.to_string(), member.shard.expect("a part")))
            .collect();
        Division { shards, of }
    }

    fn divided(members: &mut [Member], shards: u16, found: &Division) -> Division {
        assign("f", members, shards, found);
        division(members, shards)
    }

    fn sizes(division: &Division) -> Vec<usize> {
        let mut sizes = vec![0; usize::from(division.shards)];
        for shard in division.of.values() {
            sizes[usize::from(*shard)] += 1;
        }
        sizes
    }

    fn moved(from: &Division, to: &Division) -> Vec<(u16, u16)> {
        let pairs = from.of.iter().map(|(id, shard)| (*shard, to.of[id]));
        pairs.filter(|(from, to)| from != to).collect()
    }

    #[test]
    fn ten_thousand_instances_fill_a_hundred_parts_to_the_limit() {
        let division = divided(&mut ten_thousand(), 100, &Division::default());
        assert_eq!(sizes(&division), vec![SHARD_LIMIT; 100]);
    }

    #[test]
    fn eight_instances_are_four_in_each_of_two_parts() {
        let ids = ('a'..='h').map(|letter| format!("par-{letter}"));
        let division = divided(&mut members(ids), 2, &Division::default());
        assert_eq!(sizes(&division), [4, 4]);
    }

    #[test]
    fn a_further_part_takes_its_share_and_nothing_else_moves() {
        let mut members = ten_thousand();
        let before = divided(&mut members, 110, &Division::default());
        let after = divided(&mut members, 111, &before);
        let moves = moved(&before, &after);
        assert!(moves.iter().all(|(_, to)| *to == 110));
        // 10,000 / 111 is 90.
        assert_eq!(moves.len(), 90);
        let again = divided(&mut members, 111, &after);
        assert_eq!(moved(&after, &again), []);
    }

    #[test]
    fn a_part_that_goes_is_spread_over_the_others_and_nothing_else_moves() {
        let mut members = ten_thousand();
        let before = divided(&mut members, 111, &Division::default());
        let after = divided(&mut members, 110, &before);
        let moves = moved(&before, &after);
        assert!(moves.iter().all(|(from, _)| *from == 110));
        assert_eq!(moves.len(), sizes(&before)[110]);
        let (least, most) = (
            sizes(&after).into_iter().min(),
            sizes(&after).into_iter().max(),
        );
        assert_eq!((least, most), (Some(90), Some(91)));
    }

    #[test]
    fn from_nothing_two_numbers_of_parts_agree_on_nearly_all_instances() {
        let mut members = ten_thousand();
        let ten = divided(
            &mut members,
            10,
            &Division {
                shards: 10,
                ..Division::default()
            },
        );
        let eleven = divided(
            &mut members,
            11,
            &Division {
                shards: 11,
                ..Division::default()
            },
        );
        // A part of eleven is 909; the rest is what evenness costs.
        assert_eq!(moved(&ten, &eleven).len(), 987);
    }

    #[test]
    fn an_instance_stays_where_the_tree_has_it_however_uneven_that_is() {
        let ids = ('a'..='h').map(|letter| format!("par-{letter}"));
        let mut members = members(ids);
        let of = members
            .iter()
            .map(|member| (member.id.to_string(), 0))
            .collect();
        let found = Division { shards: 2, of };
        assert_eq!(sizes(&divided(&mut members, 2, &found)), [8, 0]);
    }

    #[test]
    fn another_number_of_parts_makes_uneven_ones_even() {
        let ids = ('a'..='i').map(|letter| format!("par-{letter}"));
        let mut members = members(ids);
        let of = members
            .iter()
            .map(|member| (member.id.to_string(), 0))
            .collect();
        let found = Division { shards: 2, of };
        assert_eq!(sizes(&divided(&mut members, 3, &found)), [3, 3, 3]);
    }

    #[test]
    fn a_part_that_is_too_full_for_a_kustomization_gives_the_rest_away() {
        let mut members = members((0..150).map(|number| format!("p{number}")));
        let of = members
            .iter()
            .map(|member| (member.id.to_string(), 0))
            .collect();
        let found = Division { shards: 2, of };
        assert_eq!(sizes(&divided(&mut members, 2, &found)), [100, 50]);
    }
}
