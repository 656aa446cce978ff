/** Commands about weights: conversion, and a look into files. */
package org.blip4j.tools.weights;
