//! The QuorumScope page: the `<quorum-scope>` element.
//!
//! It reads [`quorumscope_core::view`] and emits lines of the command language; it knows no
//! protocol rule. The rooms, from the inside out:
//!
//! | module | what it is |
//! |---|---|
//! | [`intent`], [`action`] | what a reader points at, and what the page can be told to do |
//! | [`playback`], [`settings`], [`crossing`], [`model`], [`beside`] | a run and how it is watched, without a screen; two of them |
//! | [`asks`], [`offers`], [`operators`], [`members`], [`facts`], [`zab_facts`], [`snapshot`] | what can be done and said about what is there |
//! | [`stage`], [`panels`], `page` | what is drawn |
//! | [`app`], [`element`] | the root component, and what a host page holds |

mod act;
pub mod action;
pub mod app;
pub mod asks;
pub mod beside;
pub mod completion;
pub mod crossing;
pub mod desk;
pub mod draft;
pub mod element;
pub mod facts;
pub mod fixed;
pub mod frames;
pub mod hands;
pub mod intent;
pub mod keys;
mod maths;
pub mod members;
pub mod model;
pub mod narrator;
mod number;
pub mod offers;
pub mod operators;
mod page;
pub mod panels;
pub mod picture;
pub mod playback;
pub mod scenarios;
pub mod settings;
pub mod shell;
pub mod snapshot;
pub mod stage;
pub mod zab_facts;
