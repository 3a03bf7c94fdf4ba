// Package settings reads restock.yaml and turns a row of the articles table into a [simulate.Article] with every default filled in.
//
// The file has two sections. Under defaults: stand values for every SKU, under merchants: those of single merchants:
//
//	defaults:
//	  holding_cost: 0.02
//	  lead_time_mean: 3
//	merchants:
//	  M042:
//	    lead_time_samples: [2, 2, 3, 5]
//
// A value comes from the first of these that has it: a flag ([Settings.Override]), the article's row, the merchant's section, the
// defaults section, what is built in. Every optional scalar column of the articles table is a key of the same name; [Example] prints
// a file with all keys and what they mean, and [Settings.Explain] what holds for a merchant, and from where.
//
// The file is read strictly: an unknown or doubled key, a value of the wrong type or out of range, an anchor or an alias is a [Problem], and
// [Load] reports all of them at once as an [Error].
package settings
